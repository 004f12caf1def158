import { z } from 'zod';
import { documentSchema, type DocumentFiles } from '#contract/api/documents.ts';
import { runAcceptedSchema, runSchema, type Run } from '#contract/api/runs.ts';
import type { Client } from './client.ts';

function documentPath(document: string): string {
  return `/api/classrooms/${document.split(':')[1] ?? ''}/documents/${encodeURIComponent(document)}`;
}

/** The files of a document as the server has them. */
export async function readDocument(client: Client, document: string): Promise<DocumentFiles['files']> {
  return (await client.call(documentSchema, 'GET', documentPath(document))).files;
}

/** The new state arrives through the document itself, so the answers of these three are not looked at. */
const ignored = z.unknown();

export async function createFile(
  client: Client,
  document: string,
  file: { path: string; language: string; text?: string },
) {
  await client.call(ignored, 'POST', `${documentPath(document)}/files`, file);
}

export async function renameFile(
  client: Client,
  document: string,
  fileId: string,
  file: { path: string; language: string },
) {
  await client.call(ignored, 'PATCH', `${documentPath(document)}/files/${fileId}`, file);
}

export async function deleteFile(client: Client, document: string, fileId: string) {
  await client.call(ignored, 'DELETE', `${documentPath(document)}/files/${fileId}`);
}

/** Asks for a run of the file as the server has it; returns the id of the run. */
export async function startRun(
  client: Client,
  request: { classroomId: string; document: string; file: string; stdin: string },
): Promise<string> {
  return (await client.call(runAcceptedSchema, 'POST', '/api/compile/run', request)).runId;
}

export async function getRun(client: Client, runId: string): Promise<Run> {
  return client.call(runSchema, 'GET', `/api/compile/runs/${runId}`);
}

export async function cancelRun(client: Client, runId: string): Promise<void> {
  await client.call(ignored, 'DELETE', `/api/compile/runs/${runId}`);
}
