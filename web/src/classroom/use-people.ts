import { useEffect, useState } from 'preact/hooks';
import type { FileEntry } from '../document/files.ts';
import type { Line } from '../document/line.ts';
import type { Person } from '../document/people.ts';

const nobody: { people: Person[]; files: FileEntry[] } = { people: [], files: [] };
const redrawEveryMs = 250;

/** Who is in the document, and its files; calm enough for a list, as cursors of a whole class move all the time. */
export function usePeople(line: Line | undefined): { people: Person[]; files: FileEntry[] } {
  const [view, setView] = useState(nobody);
  useEffect(() => {
    if (line === undefined) return setView(nobody);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      timer = undefined;
      const { people, files } = line.state.get();
      setView((before) => (before.people === people && before.files === files ? before : { people, files }));
    };
    look();
    const unsubscribe = line.state.subscribe(() => (timer ??= setTimeout(look, redrawEveryMs)));
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [line]);
  return view;
}
