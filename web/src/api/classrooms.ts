import { z } from 'zod';
import {
  classroomSchema,
  collabTokenSchema,
  memberSchema,
  type Classroom,
  type CollabToken,
  type Member,
} from '#contract/api/classrooms.ts';
import { pageOf } from '#contract/api/common.ts';
import { languagesSchema } from '#contract/api/runs.ts';
import type { Mode } from '#contract/roles.ts';
import type { Client } from './client.ts';

export async function listClassrooms(client: Client): Promise<Classroom[]> {
  return everyPage(client, classroomSchema, '/api/classrooms');
}

export async function createClassroom(client: Client, body: { title: string; language: string }): Promise<Classroom> {
  return client.call(classroomSchema, 'POST', '/api/classrooms', body);
}

export async function joinClassroom(client: Client, code: string): Promise<Classroom> {
  return client.call(classroomSchema, 'POST', '/api/classrooms/join', { code });
}

export async function getClassroom(client: Client, id: string): Promise<Classroom> {
  return client.call(classroomSchema, 'GET', `/api/classrooms/${id}`);
}

export async function setMode(client: Client, id: string, mode: Mode): Promise<Classroom> {
  return client.call(classroomSchema, 'PATCH', `/api/classrooms/${id}`, { mode });
}

export async function listMembers(client: Client, id: string): Promise<Member[]> {
  return everyPage(client, memberSchema, `/api/classrooms/${id}/members`);
}

export async function getCollabToken(client: Client, id: string): Promise<CollabToken> {
  return client.call(collabTokenSchema, 'POST', `/api/classrooms/${id}/collab-token`);
}

/** The languages that some worker offers right now. */
export async function listLanguages(client: Client): Promise<string[]> {
  const { items } = await client.call(languagesSchema, 'GET', '/api/compile/languages');
  return [...new Set(items.map((item) => item.id))];
}

const versionSchema = z.object({
  name: z.string(),
  version: z.string(),
  embedded: z.boolean(),
  demo: z.object({ joinCode: z.string(), password: z.string(), logins: z.array(z.string()) }).optional(),
});
export type ServerVersion = z.infer<typeof versionSchema>;

/** What runs here, and the demo logins when there are any. */
export async function getVersion(): Promise<ServerVersion> {
  const response = await fetch('/version');
  return versionSchema.parse(await response.json());
}

async function everyPage<T>(client: Client, item: z.ZodType<T>, path: string): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '?limit=200' : `?limit=200&cursor=${cursor}`;
    const page: { items: T[]; nextCursor: string | null } = await client.call(pageOf(item), 'GET', path + query);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}
