import { z } from 'zod';
import { changeMemberBodySchema, memberSchema } from '#contract/api/classrooms.ts';
import { pageOf, pageQuerySchema } from '#contract/api/common.ts';
import type { LoginSession } from '../http/authenticate.ts';
import { pageOfRows } from '../http/paging.ts';
import { type Route, route } from '../http/route.ts';
import { changeRole, leave, readMember, remove, toMember } from './members.ts';
import { type Membership, requireStaff } from './policy.ts';
import type { ClassroomRouteDeps } from './routes.ts';
import { listMembers } from './store.ts';

const tag = 'Members';

const removeQuerySchema = z.strictObject({
  ban: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .describe('`true`: this person cannot join again.'),
});

type Deps = ClassroomRouteDeps & {
  memberOf(input: { params: { id: string }; session: LoginSession }): Promise<Membership>;
};

/** The people of a classroom. */
export function memberRoutes(deps: Deps): Route[] {
  const { db, presence, memberOf } = deps;
  return [
    route({
      method: 'post',
      path: '/api/classrooms/:id/leave',
      tag,
      summary: 'Leave a classroom',
      description: 'The owner cannot.',
      access: 'session',
      authorize: memberOf,
      response: { 204: null },
      errors: ['last-owner'],
      handler: async ({ subject }) => {
        await leave(deps, subject);
        return {};
      },
    }),
    route({
      method: 'get',
      path: '/api/classrooms/:id/members',
      tag,
      summary: 'List the members',
      description: '`online`: a document is open now. `lastSeenAt`: when the last one was closed.',
      access: 'session',
      authorize: memberOf,
      query: pageQuerySchema,
      response: { 200: pageOf(memberSchema) },
      handler: async ({ params, query }) => {
        const { limit, cursor: after } = query;
        const rows = await listMembers(db, params.id, { limit: limit + 1, after });
        const online = presence.online(params.id);
        return {
          body: pageOfRows(
            rows,
            limit,
            (row) => row.user_id,
            (row) => toMember(row, online),
          ),
        };
      },
    }),
    route({
      method: 'patch',
      path: '/api/classrooms/:id/members/:userId',
      tag,
      summary: 'Give a member another role',
      description:
        'The owner makes anybody but himself assistant, student or observer; assistants turn students into observers and back.',
      access: 'session',
      authorize: async (input) => requireStaff(await memberOf(input)),
      body: changeMemberBodySchema,
      response: { 200: memberSchema },
      errors: ['forbidden', 'last-owner', 'classroom-full'],
      handler: async ({ params, body, subject }) => {
        await changeRole(deps, subject, params.userId, body.role);
        return { body: await readMember(db, presence, params.id, params.userId) };
      },
    }),
    route({
      method: 'delete',
      path: '/api/classrooms/:id/members/:userId',
      tag,
      summary: 'Remove a member',
      description:
        'The owner removes anybody but himself, assistants remove students and observers. With `ban=true` the person cannot join again.',
      access: 'session',
      authorize: async (input) => requireStaff(await memberOf(input)),
      query: removeQuerySchema,
      response: { 204: null },
      errors: ['forbidden', 'last-owner'],
      handler: async ({ params, query, subject }) => {
        await remove(deps, subject, params.userId, query.ban);
        return {};
      },
    }),
  ];
}
