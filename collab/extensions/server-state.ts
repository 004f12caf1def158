import type { Document, Extension } from '@hocuspocus/server';
import { parseDocumentName } from '#contract/document-name.ts';
import type { AwarenessRun, ServerAwareness } from '#contract/awareness.ts';
import { limits } from '#contract/limits.ts';
import { modeSchema, type Mode } from '#contract/roles.ts';
import { isFinal, runStatusSchema } from '#contract/run.ts';
import { utf8Tail } from '#contract/utf8.ts';
import type { Db } from '#platform/db/schema.ts';
import type { ChannelContext } from '../gateway/channel.ts';
import type { LiveDocuments } from '../live-documents.ts';
import type { WritePath } from '../log/write-path.ts';

export type ServerStateDeps = { db: Db; live: LiveDocuments; writePath: WritePath };

/** Puts the server's own awareness state into every document as it is loaded, with the last run restored. */
export function serverState({ db, live, writePath }: ServerStateDeps): Extension<ChannelContext> {
  return {
    extensionName: 'server-state',
    async afterLoadDocument({ document, documentName }) {
      const { classroomId } = parseDocumentName(documentName)!;
      const [mode, run] = await Promise.all([readMode(db, classroomId), readLastRun(db, documentName)]);
      const state: ServerAwareness = {
        kind: 'server',
        epoch: live.get(documentName)!.epoch,
        mode,
        log: writePath.state(),
        ...(run === undefined ? {} : { run }),
      };
      document.awareness.setLocalState(state);
    },
  };
}

/** Changes the server's state in a document, if it has changed. */
export function updateServerState(document: Document, change: Partial<ServerAwareness>): void {
  const state = document.awareness.getLocalState() as ServerAwareness | null;
  if (state === null) return;
  if (change.run !== undefined && state.run !== undefined && !isNewer(change.run, state.run)) return;
  document.awareness.setLocalState({ ...state, ...change });
}

/** News can overtake each other: an older run never replaces a newer one, nor a live state a final one. */
function isNewer(news: AwarenessRun, shown: AwarenessRun): boolean {
  if (news.seq !== shown.seq) return news.seq > shown.seq;
  return !isFinal(shown.status) || isFinal(news.status);
}

async function readMode(db: Db, classroomId: string): Promise<Mode> {
  const row = await db.selectFrom('classrooms').select('mode').where('id', '=', classroomId).executeTakeFirstOrThrow();
  return modeSchema.parse(row.mode);
}

async function readLastRun(db: Db, document: string): Promise<AwarenessRun | undefined> {
  const row = await db
    .selectFrom('runs')
    .innerJoin('users', 'users.id', 'runs.user_id')
    .select(['runs.id', 'seq', 'status', 'language', 'user_id', 'users.name', 'exit_code', 'stdout', 'stderr'])
    .select(['started_at', 'finished_at'])
    .where('document', '=', document)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    seq: row.seq,
    runId: row.id,
    status: runStatusSchema.parse(row.status),
    language: row.language,
    by: { id: row.user_id, name: row.name },
    exitCode: row.exit_code,
    tail: utf8Tail(row.stdout + row.stderr, limits.awarenessTailBytes),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
