import type { Extension } from '@hocuspocus/server';
import { parseDocumentName } from '#contract/document-name.ts';
import { AppError } from '#contract/errors.ts';
import type { Clock } from '#platform/clock.ts';
import type { Db } from '#platform/db/schema.ts';
import type { NewId } from '#platform/ids.ts';
import type { Log } from '#platform/log.ts';
import { serverOrigin, type LiveDocuments } from '../live-documents.ts';
import { applyStored, readDocument } from '../log/document-log.ts';
import type { WritePath } from '../log/write-path.ts';

export type LoadDeps = { db: Db; clock: Clock; newId: NewId; log: Log; live: LiveDocuments; writePath: WritePath };

/** Fills a document from what is stored and what is still on its way into the database. */
export function load(deps: LoadDeps): Extension {
  const { live, writePath, log } = deps;
  return {
    extensionName: 'load',
    async onLoadDocument({ document, documentName }) {
      const name = parseDocumentName(documentName);
      if (name === undefined) throw new AppError('not-found');
      try {
        await live.load(
          document,
          () => writePath.pending(documentName),
          async () => {
            const stored = await readDocument(deps, name);
            applyStored(document, stored, serverOrigin);
            return stored.epoch;
          },
        );
      } catch (error) {
        log.error({ error, document: documentName }, 'a document could not be loaded');
        // Hocuspocus forgets the document without ending it, which would leave its awareness timer behind.
        document.destroy();
        // Without a message, or Hocuspocus prints it once more.
        throw new Error('', { cause: error });
      }
    },
  };
}
