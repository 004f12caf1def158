import type { KyselyPlugin, RootOperationNode } from 'kysely';
import type { DatabaseEngine } from '../../support/databases.ts';

/** A database engine that counts what it is asked. */
export function countReads(engine: DatabaseEngine) {
  let queries = 0;
  let reads: Record<string, number> = {};

  function note(node: RootOperationNode): void {
    queries += 1;
    if (node.kind !== 'SelectQueryNode') return;
    const text = JSON.stringify(node, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    // One load asks for the newest id first, then for the rows themselves.
    if (!text.includes('"document_updates"') || !text.includes('"name":"data"')) return;
    const [name] = /c:[\w-]+:(?:main|wall|s:[\w-]+)/.exec(text) ?? [];
    if (name !== undefined) reads[name] = (reads[name] ?? 0) + 1;
  }

  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      note(node);
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  const counting: DatabaseEngine = {
    ...engine,
    async open() {
      const opened = await engine.open();
      return { ...opened, database: { ...opened.database, db: opened.database.db.withPlugin(plugin) } };
    },
  };
  return {
    engine: counting,
    queries: () => queries,
    ofDocuments: () => reads,
    reset() {
      queries = 0;
      reads = {};
    },
  };
}
