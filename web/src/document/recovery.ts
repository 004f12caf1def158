import type { Line } from './line.ts';

/** Text that was on my screen and is not in the document any more. It lives only in this window. */
export interface RecoveryCopy {
  document: string;
  files: TextFile[];
}

export interface TextFile {
  id: string;
  path: string;
  text: string;
}

/** The text of a document as it stands in this window. */
export function takeTexts(line: Line): TextFile[] {
  return line.state.get().files.map(({ id, path }) => ({ id, path, text: line.doc.getText(`f:${id}`).toString() }));
}

/** What of the earlier text differs from the document as it is now; nothing when all of it is there. */
export function compareTexts(document: string, earlier: TextFile[], now: TextFile[]): RecoveryCopy | undefined {
  const current = new Map(now.map((file) => [file.id, file.text]));
  const files = earlier.filter((file) => file.text !== '' && file.text !== current.get(file.id));
  return files.length === 0 ? undefined : { document, files };
}
