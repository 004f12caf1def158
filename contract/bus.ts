import { z } from 'zod';
import { awarenessRunSchema } from './awareness.ts';
import { idSchema } from './ids.ts';
import { modeSchema } from './roles.ts';
import { filePathSchema, languageSchema } from './run.ts';

/**
 * What the rooms of the house tell each other. A topic reaches every subscriber of every process once, or not at all
 * when a process is away: whatever must not be missed is stored first, and the message only says where to look.
 */
export const topics = {
  /** Someone's rights in a classroom may have changed; without `userId`, everybody's. Sockets are judged again. */
  'access.changed': z.object({ classroomId: idSchema, userId: idSchema.optional() }),
  /** A login session has ended: its sockets close, its access tokens stop. */
  'session.revoked': z.object({ sessionId: idSchema }),
  /** A document has a new epoch and that is stored: whoever holds the old one must let go of it. */
  'document.remade': z.object({ name: z.string(), epoch: z.number().int() }),
  'classroom.updated': z.object({ classroomId: idSchema, mode: modeSchema }),
  /** A run was stored as `queued`, or should be cancelled: the bridge looks it up. */
  'run.requested': z.object({ runId: idSchema }),
  'run.cancel-requested': z.object({ runId: idSchema }),
  /** A run has changed state and that state is stored. */
  'run.updated': z.object({
    classroomId: idSchema,
    document: z.string().nullable(),
    run: awarenessRunSchema,
  }),
  /** Who of a classroom has a document socket on this node; sent on change and every 10 s, void after 30 s. */
  'presence.changed': z.object({ nodeId: idSchema, classroomId: idSchema, userIds: z.array(idSchema) }),
} as const;

export type Topic = keyof typeof topics;
export type TopicMessage<T extends Topic> = z.output<(typeof topics)[T]>;

const fileTextSchema = z.object({
  id: idSchema,
  path: filePathSchema,
  language: languageSchema,
  text: z.string(),
});

const fileEditSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('create'),
    fileId: idSchema,
    path: filePathSchema,
    language: languageSchema,
    text: z.string(),
  }),
  z.object({
    type: z.literal('update'),
    fileId: idSchema,
    path: filePathSchema.optional(),
    language: languageSchema.optional(),
  }),
  z.object({ type: z.literal('delete'), fileId: idSchema }),
]);
export type FileEdit = z.infer<typeof fileEditSchema>;

/** Questions with one answer. The node that holds the document answers; errors of the table travel by code. */
export const requests = {
  /** The current files of a document, everything that is in the journal included. */
  'document.read': {
    request: z.object({ name: z.string() }),
    reply: z.object({ epoch: z.number().int(), files: z.array(fileTextSchema) }),
  },
  /** An edit made by the server on a person's behalf; answered when it is in the journal. */
  'document.edit-files': {
    request: z.object({ name: z.string(), userId: idSchema, edit: fileEditSchema }),
    reply: z.object({ epoch: z.number().int(), files: z.array(fileTextSchema) }),
  },
  /** Starts the document anew, in a new epoch, with exactly these files; answered when that is stored. */
  'document.remake': {
    request: z.object({ name: z.string(), userId: idSchema, files: z.array(fileTextSchema) }),
    reply: z.object({ epoch: z.number().int(), files: z.array(fileTextSchema) }),
  },
} as const;

export type RequestName = keyof typeof requests;
export type RequestBody<R extends RequestName> = z.output<(typeof requests)[R]['request']>;
export type ReplyBody<R extends RequestName> = z.output<(typeof requests)[R]['reply']>;
