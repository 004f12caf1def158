import * as Y from 'yjs';
import { isStaff } from '#contract/roles.ts';
import type { Line } from '../document/line.ts';
import type { Person } from '../document/people.ts';
import { onPeople } from './cursors.ts';
import type { monaco } from './monaco.ts';

/**
 * Keeps the teacher's cursor on this screen: tells which file it is in, and scrolls there when it is in the one that is
 * open. Of several teachers the one who moved last leads. Returns a function that stops.
 */
export function followTeacher(options: {
  editor: monaco.editor.IStandaloneCodeEditor;
  line: Line;
  fileId: string;
  openFile: (fileId: string) => void;
}): () => void {
  const { editor, line, fileId, openFile } = options;
  const seen = new Map<number, string>();
  let leader: number | undefined;

  function look(): void {
    const teachers = line.state.get().people.filter(({ user, selection }) => isStaff(user.role) && selection);
    for (const { clientId, selection } of teachers) {
      const place = JSON.stringify(selection);
      if (seen.get(clientId) !== place) leader = clientId;
      seen.set(clientId, place);
    }
    const teacher = teachers.find(({ clientId }) => clientId === leader);
    if (teacher?.fileId === undefined) return;
    if (teacher.fileId !== fileId) return openFile(teacher.fileId);
    reveal(teacher);
  }

  function reveal(teacher: Person): void {
    const model = editor.getModel();
    const head = teacher.selection?.head;
    if (model === null || head === undefined) return;
    const place = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(head), line.doc);
    if (place !== null) editor.revealPositionInCenterIfOutsideViewport(model.getPositionAt(place.index));
  }

  // A cursor may be told before the text it stands in, and moves along with text that is typed elsewhere.
  let timer: ReturnType<typeof setTimeout> | undefined;
  const lookSoon = () => (timer ??= setTimeout(lookNow, 50));
  const lookNow = () => {
    timer = undefined;
    look();
  };
  const text = line.doc.getText(`f:${fileId}`);
  text.observe(lookSoon);
  const unsubscribe = onPeople(line, look);
  look();
  return () => {
    clearTimeout(timer);
    text.unobserve(lookSoon);
    unsubscribe();
  };
}
