import { idPattern } from './ids.ts';

/**
 * Names of shared documents, the only grammar of room names there is:
 * `c:<classroomId>:main`, `c:<classroomId>:s:<userId>`, `c:<classroomId>:wall`.
 */
export type DocumentKind = 'main' | 'workspace' | 'wall';

export type DocumentName =
  | { kind: 'main' | 'wall'; classroomId: string; userId?: undefined }
  | { kind: 'workspace'; classroomId: string; userId: string };

/** Reads a document name. Returns undefined for anything outside the grammar; never throws. */
export function parseDocumentName(name: string): DocumentName | undefined {
  if (name.length > 160) return undefined;
  const parts = name.split(':');
  const [prefix, classroomId, kind, userId] = parts;
  if (prefix !== 'c' || classroomId === undefined || !idPattern.test(classroomId)) return undefined;
  if (parts.length === 3 && (kind === 'main' || kind === 'wall')) return { kind, classroomId };
  if (parts.length === 4 && kind === 's' && userId !== undefined && idPattern.test(userId)) {
    return { kind: 'workspace', classroomId, userId };
  }
  return undefined;
}

/** Writes a document name; the inverse of `parseDocumentName`. */
export function formatDocumentName(name: DocumentName): string {
  return name.kind === 'workspace' ? `c:${name.classroomId}:s:${name.userId}` : `c:${name.classroomId}:${name.kind}`;
}
