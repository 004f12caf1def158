import type { Awareness } from 'y-protocols/awareness';
import type { Line } from '../document/line.ts';
import type { Person } from '../document/people.ts';
import { cssString } from './css-string.ts';

/** A name stands by its cursor while it moves, and then gives way to the text below it. */
const nameStaysMs = 4000;

/**
 * y-monaco marks remote cursors only with the classes `yRemoteSelection-<clientId>` and `yRemoteSelectionHead-<clientId>`.
 * This writes the rules that give each its colour and its name. Returns a function that takes them back.
 */
export function paintCursors(line: Line): () => void {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  let moves = new Map<number, { place: string; at: number }>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function paint(): void {
    const now = Date.now();
    const { people } = line.state.get();
    moves = new Map(
      people.map(({ clientId, selection }) => {
        const place = JSON.stringify(selection ?? null);
        const before = moves.get(clientId);
        return [clientId, before?.place === place ? before : { place, at: now }];
      }),
    );
    const isMoving = ({ clientId }: Person) => now - moves.get(clientId)!.at < nameStaysMs;
    sheet.replaceSync(people.map((person) => cursorRules(person, isMoving(person))).join('\n'));
    clearTimeout(timer);
    if (people.some(isMoving)) timer = setTimeout(paint, nameStaysMs);
  }

  paint();
  const unsubscribe = onPeople(line, paint);
  return () => {
    clearTimeout(timer);
    unsubscribe();
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
  };
}

function cursorRules({ clientId, user }: Person, named: boolean): string {
  const color = /^#[0-9a-f]{6}$/i.test(user.color) ? user.color : '#6c71c4';
  return `
    .yRemoteSelection-${clientId} { background-color: ${color}38; }
    .yRemoteSelectionHead-${clientId} { border-color: ${color}; }
    .yRemoteSelectionHead-${clientId}::after {
      background-color: ${color};
      color: ${inkOn(color)};
      content: ${cssString(user.name)};
      opacity: ${named ? 1 : 0};
    }`;
}

/** Black or white, whichever reads better on the colour (relative luminance of WCAG 2). */
function inkOn(color: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000' : '#fff';
}

/**
 * The awareness that y-monaco gets to see: only people whose position was checked, because it hands positions to Yjs
 * unseen and one bad state would throw in everybody's window; and only those whose cursor means something here.
 */
export function cursorAwareness(line: Line, isShown: (person: Person) => boolean): Awareness {
  const { awareness } = line.provider;
  const unsubscribes = new Map<() => void, () => void>();
  const view = {
    getStates() {
      const states = new Map<number, Record<string, unknown>>();
      for (const person of line.state.get().people) {
        if (person.selection !== undefined && isShown(person))
          states.set(person.clientId, { selection: person.selection });
      }
      return states;
    },
    setLocalStateField(field: string, value: unknown) {
      // Nobody is shown the cursors of those who only read, and in a lecture of hundreds each would go to all.
      if (line.access === 'write') awareness.setLocalStateField(field, value);
    },
    on(_event: 'change', listener: () => void) {
      unsubscribes.set(listener, onPeople(line, listener));
      // y-monaco draws on the next change only, but those who are here already should be seen at once.
      queueMicrotask(() => unsubscribes.has(listener) && listener());
    },
    off(_event: 'change', listener: () => void) {
      unsubscribes.get(listener)?.();
      unsubscribes.delete(listener);
    },
  };
  return view as unknown as Awareness;
}

/** Calls the listener when somebody came, left or moved. */
export function onPeople(line: Line, listener: () => void): () => void {
  let before = line.state.get().people;
  return line.state.subscribe(() => {
    const { people } = line.state.get();
    if (people === before) return;
    before = people;
    listener();
  });
}
