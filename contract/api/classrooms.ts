import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { modeSchema, roleSchema } from '../roles.ts';
import { languageSchema } from '../run.ts';
import { shownText, timeSchema } from './common.ts';

export const classroomStatusSchema = z.enum(['scheduled', 'live', 'ended']).meta({ id: 'ClassroomStatus' });

export const classroomSchema = z
  .object({
    id: idSchema,
    title: z.string(),
    description: z.string(),
    language: languageSchema,
    mode: modeSchema,
    code: z.string().optional().describe('join code; owner and assistants only'),
    startsAt: timeSchema.nullable(),
    endsAt: timeSchema.nullable(),
    status: classroomStatusSchema,
    capacity: z.number().int().nullable(),
    myRole: roleSchema,
    owner: z.object({ id: idSchema, name: z.string() }),
    memberCount: z.number().int(),
  })
  .meta({ id: 'Classroom' });
export type Classroom = z.infer<typeof classroomSchema>;

const writable = {
  title: shownText(120),
  description: z.string().max(2000),
  language: languageSchema,
  startsAt: timeSchema.nullable(),
  endsAt: timeSchema.nullable(),
  capacity: z.number().int().min(1).max(10_000).nullable(),
  mode: modeSchema,
};

export const createClassroomBodySchema = z
  .strictObject({ ...writable })
  .partial()
  .required({ title: true });

export const updateClassroomBodySchema = z.strictObject(writable).partial();

export const joinBodySchema = z.strictObject({ code: z.string().trim().min(1).max(64) });

export const memberSchema = z
  .object({
    user: z.object({ id: idSchema, name: z.string(), avatarUrl: z.string().nullable() }),
    role: roleSchema,
    online: z.boolean(),
    joinedAt: timeSchema,
    lastSeenAt: timeSchema.nullable(),
  })
  .meta({ id: 'Member' });
export type Member = z.infer<typeof memberSchema>;

/** Ownership is not given away here: a classroom has one owner. */
export const changeMemberBodySchema = z.strictObject({ role: z.enum(['assistant', 'student', 'observer']) });

export const collabTokenSchema = z
  .object({
    token: z.string(),
    expiresIn: z.number().int().describe('seconds'),
    url: z.string().describe('y-websocket endpoint'),
    documents: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(['main', 'workspace', 'wall']),
        access: z.enum(['write', 'read']),
        epoch: z.number().int(),
        userId: idSchema.optional(),
      }),
    ),
  })
  .meta({ id: 'CollabToken' });
export type CollabToken = z.infer<typeof collabTokenSchema>;
