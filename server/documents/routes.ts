import { z } from 'zod';
import {
  createFileBodySchema,
  type DocumentFiles,
  documentFileSchema,
  documentSchema,
  updateFileBodySchema,
} from '#contract/api/documents.ts';
import { type DocumentName, parseDocumentName } from '#contract/document-name.ts';
import { AppError } from '#contract/errors.ts';
import { requireMember } from '../classrooms/service.ts';
import type { ApiDeps } from '../deps.ts';
import type { LoginSession } from '../http/authenticate.ts';
import { type Route, route } from '../http/route.ts';
import { editFiles, readDocument, requireDocument } from './service.ts';

const tag = 'Documents';

/** The file that every document keeps. */
const mainFileId = 'main';

const nameSchema = z
  .string()
  .transform((text, context): DocumentName => {
    const name = parseDocumentName(text);
    if (name !== undefined) return name;
    context.addIssue({ code: 'custom', message: 'must be a document name' });
    return z.NEVER;
  })
  .describe('Full name of the document, URL-encoded: `c:<classroomId>:main` or `c:<classroomId>:s:<userId>`.');

/** The text of documents and their list of files, over HTTP: contract §2. Typing goes over the document sockets. */
export function documentRoutes(deps: Pick<ApiDeps, 'db' | 'bus' | 'clock' | 'newId'>): Route[] {
  const { db, bus, clock, newId } = deps;

  const open =
    (need: 'read' | 'write') =>
    async ({ params, session }: { params: { id: string; name: DocumentName }; session: LoginSession }) => {
      const member = await requireMember(db, params.id, session.userId);
      await requireDocument({ db, now: clock.now() }, member, params.name, need);
    };

  return [
    route({
      method: 'get',
      path: '/api/classrooms/:id/documents/:name',
      tag,
      summary: 'Read the files of a document',
      access: 'session',
      params: { name: nameSchema },
      authorize: open('read'),
      response: { 200: documentSchema },
      errors: ['not-open-yet'],
      handler: async ({ params }) => ({ body: await readDocument(bus, params.name) }),
    }),
    route({
      method: 'post',
      path: '/api/classrooms/:id/documents/:name/files',
      tag,
      summary: 'Add a file to a document',
      description: 'Its text is `ydoc.getText("f:" + id)`.',
      access: 'session',
      params: { name: nameSchema },
      authorize: open('write'),
      body: createFileBodySchema,
      response: { 201: documentFileSchema },
      errors: ['forbidden', 'not-open-yet', 'path-taken'],
      handler: async ({ params, body, session }) => {
        const fileId = newId();
        const edit = { type: 'create', fileId, ...body, text: body.text ?? '' } as const;
        const document = await editFiles(bus, params.name, session.userId, edit);
        return { status: 201, body: fileIn(document, fileId) };
      },
    }),
    route({
      method: 'patch',
      path: '/api/classrooms/:id/documents/:name/files/:fileId',
      tag,
      summary: 'Rename a file or change its language',
      access: 'session',
      params: { name: nameSchema },
      authorize: open('write'),
      body: updateFileBodySchema,
      response: { 200: documentFileSchema },
      errors: ['forbidden', 'not-open-yet', 'path-taken'],
      handler: async ({ params, body, session }) => {
        const { fileId } = params;
        const document = await editFiles(bus, params.name, session.userId, { type: 'update', fileId, ...body });
        return { body: fileIn(document, fileId) };
      },
    }),
    route({
      method: 'delete',
      path: '/api/classrooms/:id/documents/:name/files/:fileId',
      tag,
      summary: 'Delete a file',
      description: 'The file `main` stays.',
      access: 'session',
      params: { name: nameSchema },
      authorize: open('write'),
      response: { 204: null },
      errors: ['forbidden', 'not-open-yet', 'file-required'],
      handler: async ({ params, session }) => {
        const { fileId } = params;
        if (fileId === mainFileId)
          throw new AppError('file-required', 'The main file can be emptied or renamed, but not deleted.');
        await editFiles(bus, params.name, session.userId, { type: 'delete', fileId });
        return {};
      },
    }),
  ];
}

function fileIn(document: DocumentFiles, fileId: string) {
  const file = document.files.find((each) => each.id === fileId);
  if (file === undefined) throw new AppError('not-found', 'The file was deleted meanwhile.');
  return file;
}
