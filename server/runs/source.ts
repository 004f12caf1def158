import { createHash } from 'node:crypto';
import type { DocumentFiles } from '#contract/api/documents.ts';
import type { RunBody } from '#contract/api/runs.ts';
import { AppError } from '#contract/errors.ts';
import { limits } from '#contract/limits.ts';
import type { RunFile } from '#contract/run.ts';

/** What is to run: `entry` is the path of one of the files. */
export type Source = { language: string; files: RunFile[]; entry: string };

type PostedBody = Exclude<RunBody, { document: string }>;

/** Where a language has its program when nobody says otherwise. */
const mainPaths: Record<string, string> = {
  javascript: 'main.js',
  typescript: 'main.ts',
  python: 'main.py',
  java: 'Main.java',
  kotlin: 'Main.kt',
  rust: 'main.rs',
};

const mainPathOf = (language: string) => mainPaths[language] ?? `main.${language}`;

const mainFileId = 'main';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function invalid(path: string, message: string): AppError {
  return new AppError('validation-failed', 'Correct the fields listed under `errors` and send it again.', {
    errors: [{ path, message }],
  });
}

/** The program of a request that brings its files. Throws `validation-failed`, `source-too-large`. */
export function postedSource(body: PostedBody): Source {
  const { language } = body;
  if ('code' in body) {
    const content = body.encoding === 'base64' ? decodeBase64(body.code) : body.code;
    const entry = mainPathOf(language);
    return checked({ language, files: [{ path: entry, content }], entry });
  }
  const { files } = body;
  const paths = new Set<string>();
  for (const [index, { path }] of files.entries()) {
    if (paths.has(path)) throw invalid(`files.${index}.path`, 'is there twice');
    paths.add(path);
  }
  requireFolders(files, (index) => `files.${index}.path`);
  const usual = mainPathOf(language);
  const entry = body.entry ?? (paths.has(usual) ? usual : files[0]!.path);
  if (!paths.has(entry)) throw invalid('entry', 'must be the path of one of the files');
  return checked({ language, files, entry });
}

/** The program in a document: all of its files, begun at `fileId`. Throws `validation-failed`, `source-too-large`. */
export function documentSource(document: DocumentFiles, fileId = mainFileId): Source {
  const file = document.files.find((each) => each.id === fileId);
  if (file === undefined) throw invalid('file', 'must be the id of a file of the document');
  const files = document.files.map(({ path, text }) => ({ path, content: text }));
  requireFolders(files, () => 'document');
  return checked({ language: file.language, files, entry: file.path });
}

/**
 * SHA-256 (hex) of what runs: the JSON of `["lectern code 1", language, entry, args, [[path, content], …]]` in UTF-8,
 * the files in the order of their paths by UTF-16 unit. Input is no part of it.
 */
export function codeHashOf({ language, files, entry }: Source, args: readonly string[]): string {
  const sorted = files.map(({ path, content }) => [path, content] as const).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify(['lectern code 1', language, entry, args, sorted]))
    .digest('hex');
}

function checked(source: Source): Source {
  const bytes = source.files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  if (bytes > limits.sourceBytes)
    throw new AppError(
      'source-too-large',
      `The files have ${bytes} bytes together; at most ${limits.sourceBytes} can be run.`,
    );
  return source;
}

/** Strict: nothing is skipped or guessed. */
function decodeBase64(code: string): string {
  const bytes = Buffer.from(code, 'base64');
  if (bytes.toString('base64') !== code) throw invalid('code', 'must be base64 with padding and without line breaks');
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalid('code', 'must be base64 of UTF-8 text');
  }
}

/** A path cannot be a file and a folder at once. */
function requireFolders(files: readonly RunFile[], fieldOf: (index: number) => string): void {
  const paths = new Set(files.map(({ path }) => path));
  for (const [index, { path }] of files.entries()) {
    const folder = foldersOf(path).find((each) => paths.has(each));
    if (folder !== undefined) throw invalid(fieldOf(index), `${folder} is a file, so ${path} cannot be inside it`);
  }
}

/** `a/b/c.py` is in `a` and `a/b`. */
function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
