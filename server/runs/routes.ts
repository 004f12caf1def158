import { z } from 'zod';
import { pageOf, pageQuerySchema } from '#contract/api/common.ts';
import { languagesSchema, runAcceptedSchema, runBodySchema, runSchema } from '#contract/api/runs.ts';
import { AppError } from '#contract/errors.ts';
import { idSchema } from '#contract/ids.ts';
import { limits } from '#contract/limits.ts';
import { requireMember } from '../classrooms/service.ts';
import type { ApiDeps } from '../deps.ts';
import type { LoginSession } from '../http/authenticate.ts';
import { pageOfRows } from '../http/paging.ts';
import { readJsonBody } from '../http/read-body.ts';
import { media, type Route, route } from '../http/route.ts';
import { clientGone } from './client-gone.ts';
import type { Languages } from './languages.ts';
import type { RunNews } from './news.ts';
import { maySee, requireCancel, visibleTo } from './policy.ts';
import { positionOf } from './position.ts';
import { preferredWaitSeconds } from './prefer-wait.ts';
import { listedOutputBytes, toListedRun, toRun, toText } from './run.ts';
import { cancelRun, programOf, submitRun } from './service.ts';
import { findEndedRun, findRun, findRunHead, listRuns, liveRunHeads } from './store.ts';

type Deps = Pick<ApiDeps, 'db' | 'bus' | 'clock' | 'newId'> & { languages: Languages; runNews: RunNews };

const tag = 'Runs';

const namedClassroomSchema = z.object({ classroomId: idSchema });

/** Running code: contract §5 and §6, Runs. */
export function runRoutes(deps: Deps): Route[] {
  const { db, newId, languages, runNews } = deps;

  /** The run and the membership of someone who may know of it. */
  const openRun = async ({ params, session }: { params: { id: string }; session: LoginSession }) => {
    const unseen = () => new AppError('not-found', 'There is no such run, or it is not yours to see.');
    const run = await findRunHead(db, params.id);
    if (run === undefined) throw unseen();
    const member = await requireMember(db, run.classroom_id, session.userId).catch((error: unknown) => {
      throw error instanceof AppError && error.code === 'not-found' ? unseen() : error;
    });
    if (!maySee(member, run)) throw unseen();
    return { run, member };
  };

  return [
    route({
      method: 'post',
      path: '/api/compile/run',
      tag,
      summary: 'Run a program',
      description:
        "Either of a `document`, whose files the server reads (`file`: the id of the one to begin with, `main` without it), or of posted `files` or `code`. With `Prefer: wait=N` (at most 30 seconds) the answer is 200 with the ended run if it ends in time. `position` counts from 1 in the overall order: everybody's first run goes before anybody's second.",
      access: 'session',
      // Strangers get 404 before anything else in the body is judged.
      authorize: async ({ session, req }) => {
        const named = namedClassroomSchema.safeParse(await readJsonBody(req, limits.jsonBodyBytes));
        return named.success ? requireMember(db, named.data.classroomId, session.userId) : undefined;
      },
      body: runBodySchema,
      response: { 200: runSchema, 202: runAcceptedSchema },
      errors: ['not-found', 'not-open-yet', 'source-too-large', 'unsupported-language', 'no-worker', 'too-many-runs'],
      handler: async ({ body, subject, session, req, res }) => {
        const member = subject ?? (await requireMember(db, body.classroomId, session.userId));
        const program = await programOf(deps, member, body);
        const id = newId();
        const headers = { Location: `/api/compile/runs/${id}` };
        const submit = () => submitRun(deps, { id, member, program, args: body.args ?? [], stdin: body.stdin ?? '' });
        const seconds = preferredWaitSeconds(req);
        if (seconds === 0) return { status: 202, headers, body: await submit() };

        // Listening begins before the run is stored: it may end at once.
        const watched = runNews.watch(id);
        try {
          const accepted = await submit();
          const signal = AbortSignal.any([AbortSignal.timeout(seconds * 1000), clientGone(req, res)]);
          const row = await watched.until(() => findEndedRun(db, id), signal);
          const applied = { ...headers, 'Preference-Applied': `wait=${seconds}` };
          return row === undefined
            ? { status: 202, headers: applied, body: accepted }
            : { status: 200, headers: applied, body: toRun(row) };
        } finally {
          watched.stop();
        }
      },
    }),
    route({
      method: 'get',
      path: '/api/compile/languages',
      tag,
      summary: 'List what live workers run',
      access: 'public',
      response: { 200: languagesSchema },
      handler: async () => ({ body: await languages.list() }),
    }),
    route({
      method: 'get',
      path: '/api/compile/runs/:id',
      tag,
      summary: 'Read a run',
      description:
        'Runs of a document are seen by all who may open it, runs of posted files by their author and the staff.',
      access: 'session',
      authorize: openRun,
      response: { 200: runSchema },
      handler: async ({ params }) => ({ body: toRun(await storedRun(params.id)) }),
    }),
    route({
      method: 'get',
      path: '/api/compile/runs/:id/output',
      tag,
      summary: 'Read the output of a run as plain text',
      description: 'stdout, then stderr; of a program that did not compile, what the compiler said.',
      access: 'session',
      authorize: openRun,
      response: { 200: media('text/plain', 'The output there is so far.') },
      handler: async ({ params }) => ({ body: toText(await storedRun(params.id)) }),
    }),
    route({
      method: 'delete',
      path: '/api/compile/runs/:id',
      tag,
      summary: 'Cancel a run',
      description:
        'Author, owner and assistants. The run ends as `cancelled` within seconds, unless it ends by itself first.',
      access: 'session',
      authorize: async (input) => {
        const { run, member } = await openRun(input);
        requireCancel(member, run);
      },
      response: { 202: runAcceptedSchema },
      errors: ['forbidden', 'run-finished'],
      handler: async ({ params }) => {
        await cancelRun(deps, params.id);
        const { id, status } = toRun(await storedRun(params.id));
        return { body: { runId: id, status, position: positionOf(await liveRunHeads(db), id) } };
      },
    }),
    route({
      method: 'get',
      path: '/api/classrooms/:id/runs',
      tag,
      summary: 'List the runs of a classroom, the newest first',
      description: `Those that you may see. Outputs are cut to their first ${listedOutputBytes} bytes; \`truncated\` says so.`,
      access: 'session',
      authorize: ({ params, session }) => requireMember(db, params.id, session.userId),
      query: pageQuerySchema,
      response: { 200: pageOf(runSchema) },
      handler: async ({ params, query, subject }) => {
        const { limit, cursor: before } = query;
        const page = { limit: limit + 1, before, outputChars: listedOutputBytes + 1 };
        const rows = await listRuns(db, params.id, visibleTo(subject), page);
        return { body: pageOfRows(rows, limit, (row) => row.id, toListedRun) };
      },
    }),
  ];

  async function storedRun(id: string) {
    const row = await findRun(db, id);
    if (row === undefined) throw new AppError('not-found', 'The run was deleted meanwhile.');
    return row;
  }
}
