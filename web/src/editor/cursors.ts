import type { Awareness } from 'y-protocols/awareness';
import type { Line } from '../document/line.ts';
import type { Person } from '../document/people.ts';

/**
 * y-monaco marks remote cursors only with the classes `yRemoteSelection-<clientId>` and `yRemoteSelectionHead-<clientId>`.
 * This writes the rules that give each its colour and its name.
 */
export function paintCursors(line: Line): () => void {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  const paint = () => sheet.replaceSync(line.state.get().people.map(cursorRules).join('\n'));
  paint();
  const unsubscribe = onPeople(line, paint);
  return () => {
    unsubscribe();
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
  };
}

function cursorRules({ clientId, user }: Person): string {
  const color = /^#[0-9a-f]{6}$/i.test(user.color) ? user.color : '#6c71c4';
  return `
    .yRemoteSelection-${clientId} { background-color: ${color}38; }
    .yRemoteSelectionHead-${clientId} { border-color: ${color}; }
    .yRemoteSelectionHead-${clientId}::after { background-color: ${color}; content: ${cssString(user.name)}; }`;
}

/** A CSS string literal: everything that could end or bend it is written as a code point. */
export function cssString(text: string): string {
  const escaped = text.replace(
    /["\\<>\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (char) => `\\${char.codePointAt(0)!.toString(16)} `,
  );
  return `"${escaped}"`;
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
    setLocalStateField: awareness.setLocalStateField.bind(awareness),
    on(_event: 'change', listener: () => void) {
      unsubscribes.set(listener, onPeople(line, listener));
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
