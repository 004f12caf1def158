import {
  classroomSchema,
  collabTokenSchema,
  createClassroomBodySchema,
  joinBodySchema,
  updateClassroomBodySchema,
} from '#contract/api/classrooms.ts';
import { pageOf, pageQuerySchema } from '#contract/api/common.ts';
import type { ApiDeps } from '../deps.ts';
import type { LoginSession } from '../http/authenticate.ts';
import { pageOfRows } from '../http/paging.ts';
import { type Route, route } from '../http/route.ts';
import { createSlidingWindow } from '../http/sliding-window.ts';
import { issueCollabToken } from './collab-token.ts';
import { endLesson, startLesson } from './lesson.ts';
import { memberRoutes } from './member-routes.ts';
import { join } from './members.ts';
import { requireOwner, requireStaff } from './policy.ts';
import type { Presence } from './presence.ts';
import {
  changeClassroom,
  createClassroom,
  deleteClassroom,
  readClassroom,
  renewJoinCode,
  requireMember,
  toClassroom,
} from './service.ts';
import { listViews } from './store.ts';

export type ClassroomRouteDeps = Pick<ApiDeps, 'config' | 'db' | 'bus' | 'clock' | 'newId' | 'tokens'> & {
  presence: Presence;
};

const tag = 'Classrooms';

/** Classrooms: contract §2 and §6, Classrooms. */
export function classroomRoutes(deps: ClassroomRouteDeps): Route[] {
  const { db, clock } = deps;
  const failures = createSlidingWindow({ limit: 30, windowMs: 10 * 60_000, clock });
  const memberOf = ({ params, session }: { params: { id: string }; session: LoginSession }) =>
    requireMember(db, params.id, session.userId);

  return [
    route({
      method: 'post',
      path: '/api/classrooms',
      tag,
      summary: 'Make a classroom',
      description: 'Whoever makes it is its owner. Without `startsAt` it is live at once.',
      access: 'session',
      body: createClassroomBodySchema,
      response: { 201: classroomSchema },
      errors: ['not-found'],
      handler: async ({ body, session }) => {
        const id = await createClassroom(deps, session.userId, body);
        const classroom = await readClassroom(deps, id, session.userId);
        return { status: 201, headers: { Location: `/api/classrooms/${id}` }, body: classroom };
      },
    }),
    route({
      method: 'get',
      path: '/api/classrooms',
      tag,
      summary: 'List my classrooms, the newest first',
      access: 'session',
      query: pageQuerySchema,
      response: { 200: pageOf(classroomSchema) },
      handler: async ({ query, session }) => {
        const { limit, cursor: before } = query;
        const views = await listViews(db, session.userId, { limit: limit + 1, before });
        return {
          body: pageOfRows(
            views,
            limit,
            (view) => view.id,
            (view) => toClassroom(view, clock.now()),
          ),
        };
      },
    }),
    route({
      method: 'post',
      path: '/api/classrooms/join',
      tag,
      summary: 'Join a classroom by its code',
      description:
        'Upper and lower case are the same. A member stays what he is; anybody else becomes a student. After 30 wrong codes within 10 minutes: 429.',
      access: 'session',
      body: joinBodySchema,
      response: { 200: classroomSchema },
      errors: ['join-code-unknown', 'forbidden', 'classroom-full', 'too-many-requests', 'not-found'],
      handler: async ({ body, session }) => {
        const id = await join({ ...deps, failures }, session.userId, body.code);
        return { body: await readClassroom(deps, id, session.userId) };
      },
    }),
    route({
      method: 'get',
      path: '/api/classrooms/:id',
      tag,
      summary: 'Read a classroom',
      description: '`code` is there for the owner and assistants.',
      access: 'session',
      response: { 200: classroomSchema },
      handler: async ({ params, session }) => ({ body: await readClassroom(deps, params.id, session.userId) }),
    }),
    route({
      method: 'patch',
      path: '/api/classrooms/:id',
      tag,
      summary: 'Change a classroom',
      description: 'Owner and assistants. A new mode takes effect on open documents within a second.',
      access: 'session',
      authorize: async (input) => requireStaff(await memberOf(input)),
      body: updateClassroomBodySchema,
      response: { 200: classroomSchema },
      errors: ['forbidden'],
      handler: async ({ params, body, session }) => {
        await changeClassroom(deps, params.id, body);
        return { body: await readClassroom(deps, params.id, session.userId) };
      },
    }),
    route({
      method: 'delete',
      path: '/api/classrooms/:id',
      tag,
      summary: 'Delete a classroom',
      description: 'Owner only. For everybody else it is gone at once.',
      access: 'session',
      authorize: async (input) => requireOwner(await memberOf(input)),
      response: { 204: null },
      errors: ['forbidden'],
      handler: async ({ params }) => {
        await deleteClassroom(deps, params.id);
        return {};
      },
    }),
    route({
      method: 'post',
      path: '/api/classrooms/:id/code',
      tag,
      summary: 'Make a new join code',
      description: 'Owner and assistants. The old code stops working; members stay.',
      access: 'session',
      authorize: async (input) => requireStaff(await memberOf(input)),
      response: { 200: classroomSchema },
      errors: ['forbidden'],
      handler: async ({ params, session }) => {
        await renewJoinCode(db, params.id);
        return { body: await readClassroom(deps, params.id, session.userId) };
      },
    }),
    route({
      method: 'post',
      path: '/api/classrooms/:id/start',
      tag,
      summary: 'Start the lesson',
      description:
        'Owner and assistants. Opens a planned lesson now, or the next one after the end; a live one goes on as it is.',
      access: 'session',
      authorize: async (input) => requireStaff(await memberOf(input)),
      response: { 200: classroomSchema },
      errors: ['forbidden'],
      handler: async ({ params, session }) => {
        await startLesson(deps, params.id);
        return { body: await readClassroom(deps, params.id, session.userId) };
      },
    }),
    route({
      method: 'post',
      path: '/api/classrooms/:id/end',
      tag,
      summary: 'End the lesson',
      description:
        'Owner and assistants. Students only read from then on, within a second also on open documents; staff go on writing, and everything is kept.',
      access: 'session',
      authorize: async (input) => requireStaff(await memberOf(input)),
      response: { 200: classroomSchema },
      errors: ['forbidden'],
      handler: async ({ params, session }) => {
        await endLesson(deps, params.id);
        return { body: await readClassroom(deps, params.id, session.userId) };
      },
    }),
    route({
      method: 'post',
      path: '/api/classrooms/:id/collab-token',
      tag,
      summary: 'Get a token for the document sockets',
      description:
        'Good for this classroom and 12 hours, while the login session and the membership last. `documents` is all that you may open.',
      access: 'session',
      authorize: memberOf,
      response: { 200: collabTokenSchema },
      errors: ['not-open-yet'],
      handler: async ({ subject, session }) => ({ body: await issueCollabToken(deps, subject, session.sessionId) }),
    }),
    ...memberRoutes({ ...deps, memberOf }),
  ];
}
