import type { Document, Extension } from '@hocuspocus/server';
import type { Log } from '#platform/log.ts';
import { fileMap } from '../files.ts';
import { serverOrigin } from '../live-documents.ts';
import type { ServerEdits } from '../server-edits.ts';

export type FilesGuardDeps = { edits: Pick<ServerEdits, 'edit'>; log: Log };

/**
 * The list of files belongs to the server, but a Yjs update can touch anything in a document. What a client does to the
 * list is undone by an edit of the server, which travels like every other edit.
 */
export function filesGuard(deps: FilesGuardDeps): Extension {
  return {
    extensionName: 'files-guard',
    async afterLoadDocument({ document }) {
      guard(document, deps);
    },
  };
}

function guard(document: Document, { edits, log }: FilesGuardDeps): void {
  const files = fileMap(document);
  let ours = new Map(Object.entries(files.toJSON()));
  files.observe((_event, transaction) => {
    if (transaction.origin === serverOrigin) {
      ours = new Map(Object.entries(files.toJSON()));
      return;
    }
    // Not within the transaction that is being observed.
    queueMicrotask(() => {
      restore().catch((error: unknown) =>
        log.error({ error, document: document.name }, 'the list of files could not be put back'),
      );
    });
  });

  async function restore(): Promise<void> {
    await edits.edit(document.name, undefined, (draft) => {
      const map = fileMap(draft);
      for (const id of map.keys()) if (!ours.has(id)) map.delete(id);
      for (const [id, entry] of ours) if (JSON.stringify(map.get(id)) !== JSON.stringify(entry)) map.set(id, entry);
    });
  }
}
