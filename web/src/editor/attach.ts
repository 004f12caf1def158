import { MonacoBinding } from 'y-monaco';
import type * as Y from 'yjs';
import type { FileEntry } from '../document/files.ts';
import type { Line } from '../document/line.ts';
import type { Person } from '../document/people.ts';
import { cursorAwareness } from './cursors.ts';
import { monaco } from './monaco.ts';
import { keepBehindOwnText } from './own-cursor.ts';
import { bindUndo } from './undo.ts';

type Editor = monaco.editor.IStandaloneCodeEditor;

/** Puts one file of a document into the editor. Returns a function that takes it out again. */
export function attachFile(
  editor: Editor,
  line: Line,
  file: FileEntry,
  isShown: (person: Person) => boolean,
): () => void {
  const text = line.doc.getText(`f:${file.id}`);
  const model = monaco.editor.createModel('', monacoLanguage(file.language));
  model.setEOL(monaco.editor.EndOfLineSequence.LF);
  model.updateOptions({ tabSize: file.language === 'python' || file.language === 'java' ? 4 : 2, insertSpaces: true });
  editor.setModel(model);

  const undoManager = line.undoOf(file.id);
  const awareness = cursorAwareness(line, isShown);
  let binding: MonacoBinding | undefined;
  const bind = () => {
    binding = new MonacoBinding(text, model, new Set([editor]), awareness);
    keepBehindOwnText(binding, editor);
    undoManager.addTrackedOrigin(binding);
  };
  const unbind = () => {
    binding?.destroy();
    undoManager.removeTrackedOrigin(binding);
    binding = undefined;
  };

  // Monaco turns CR LF into LF, so a text that holds it has other offsets than its model. Whoever may write takes the CR
  // out (deleting is the same deletion whoever does it); a reader's model is made anew after each change.
  let attached = true;
  const keepLineFeeds = (event?: Y.YTextEvent) => {
    const suspects = event === undefined ? [text.toString()] : event.delta.map(({ insert }) => insert);
    if (!suspects.some((part) => typeof part === 'string' && part.includes('\r'))) return;
    unbind();
    // Not inside the observer: a binding made there would see the end of the change that its model already contains.
    queueMicrotask(() => {
      if (!attached) return;
      if (line.access === 'write') removeCarriageReturns(text);
      bind();
    });
  };
  bind();
  keepLineFeeds();
  text.observe(keepLineFeeds);

  const stopUndo = bindUndo(editor, model, undoManager);
  return () => {
    attached = false;
    stopUndo();
    text.unobserve(keepLineFeeds);
    unbind();
    line.provider.awareness.setLocalStateField('selection', null);
    model.dispose();
  };
}

function removeCarriageReturns(text: Y.Text): void {
  text.doc?.transact(() => {
    const content = text.toString();
    for (let at = content.lastIndexOf('\r\n'); at !== -1; at = at === 0 ? -1 : content.lastIndexOf('\r\n', at - 1)) {
      text.delete(at, 1);
    }
  });
}

/** Monaco calls C++ `cpp` as we do, and colours a language it does not know as plain text. */
function monacoLanguage(language: string): string {
  return language === 'text' ? 'plaintext' : language;
}
