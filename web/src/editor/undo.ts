import type * as Y from 'yjs';
import type { monaco } from './monaco.ts';

type Editor = monaco.editor.IStandaloneCodeEditor;
type Selection = monaco.Selection;

const cursorKey = 'cursor';

/**
 * Undo and redo by Yjs, of this person's own edits only. Monaco's own stack does not know of remote edits and corrupts the
 * text after one, so the model's `undo` and `redo` are replaced: keys, menus, the command palette and `editor.trigger` all
 * end there. Returns a function that stops remembering cursors.
 */
export function bindUndo(editor: Editor, model: monaco.editor.ITextModel, manager: Y.UndoManager): () => void {
  model.undo = () => void manager.undo();
  model.redo = () => void manager.redo();

  const remember = ({ stackItem }: { stackItem: { meta: Map<unknown, unknown> } }) => {
    if (editor.getModel() === model) stackItem.meta.set(cursorKey, editor.getSelection());
  };
  const restore = ({ stackItem }: { stackItem: { meta: Map<unknown, unknown> } }) => {
    const selection = stackItem.meta.get(cursorKey) as Selection | null | undefined;
    if (!selection || editor.getModel() !== model) return;
    editor.setPosition(model.validatePosition(selection.getPosition()));
    editor.revealPositionInCenterIfOutsideViewport(selection.getPosition());
  };
  manager.on('stack-item-added', remember);
  manager.on('stack-item-popped', restore);
  return () => {
    manager.off('stack-item-added', remember);
    manager.off('stack-item-popped', restore);
  };
}
