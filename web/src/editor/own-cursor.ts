import type { MonacoBinding } from 'y-monaco';
import * as Y from 'yjs';
import type { monaco } from './monaco.ts';

type Saved = MonacoBinding['_savedSelections'] extends Map<unknown, infer Selection> ? Selection : never;

/**
 * Keeps my cursor behind the character that I typed last when others write at the very same place. y-monaco remembers the
 * place by the character to the right, so two people at the end of a text get letters of the one between letters of the
 * other. It has no setting for that; this puts another memory in the place of its own, and its `destroy` removes it.
 */
export function keepBehindOwnText(binding: MonacoBinding, editor: monaco.editor.IStandaloneCodeEditor): void {
  const { doc, ytext, monacoModel: model } = binding;
  function remember(): void {
    const selection = editor.getSelection();
    binding._savedSelections = new Map();
    if (selection === null || editor.getModel() !== model) return;
    const place = (position: monaco.IPosition, side: number) =>
      Y.createRelativePositionFromTypeIndex(ytext, model.getOffsetAt(position), side);
    const saved: Saved = {
      // What others write at the edge of a selection is not part of it.
      start: place(selection.getStartPosition(), selection.isEmpty() ? -1 : 0),
      end: place(selection.getEndPosition(), -1),
      direction: selection.getDirection(),
    };
    binding._savedSelections.set(editor, saved);
  }
  doc.off('beforeAllTransactions', binding._beforeTransaction);
  binding._beforeTransaction = () => binding.mux(remember);
  doc.on('beforeAllTransactions', binding._beforeTransaction);
}
