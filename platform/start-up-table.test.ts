import assert from 'node:assert/strict';
import test from 'node:test';
import { loadConfig } from './config.ts';
import { startUpTable } from './start-up-table.ts';

const demo = { joinCode: 'DEMO', password: 'lectern-demo', logins: ['a@lectern.local', 'b@lectern.local'] };

test('[OPS21] the start-up table tells address, roles, each adapter with its reason, and the demo logins', () => {
  const table = startUpTable(loadConfig({ PORT: '4000' }, []), demo);
  assert.match(table, /http:\/\/localhost:4000 .*roles: api, collab, bridge, worker/);
  assert.match(table, /database +SQLite +DATABASE_URL is not set/);
  assert.match(table, /run queue +BullMQ on embedded PGlite +REDIS_URL is not set/);
  assert.match(table, /runs +WebAssembly/);
  const api = loadConfig(
    {
      DATABASE_URL: 'mysql://db/lectern',
      REDIS_URL: 'redis://cache',
      JWT_SECRET: 'x'.repeat(32),
      PUBLIC_URL: 'http://a',
    },
    ['--roles', 'api'],
  );
  assert.doesNotMatch(startUpTable(api, undefined), /WebAssembly/);
  for (const word of ['DEMO', 'lectern-demo', ...demo.logins]) assert.ok(table.includes(word), word);
});

test('[OPS21] the start-up table holds no secret', () => {
  const environment = {
    DATABASE_URL: 'mysql://root:hunter2@db:3306/lectern',
    REDIS_URL: 'redis://:hunter2@cache:6379',
    JWT_SECRET: 'hunter2'.repeat(8),
    METRICS_TOKEN: 'hunter2'.repeat(8),
    PUBLIC_URL: 'https://class.example.org',
  };
  const table = startUpTable(loadConfig(environment, []), undefined);
  assert.match(table, /database +MySQL at db:3306 +DATABASE_URL is set/);
  assert.match(table, /bus +Redis at cache:6379 +REDIS_URL is set/);
  assert.ok(!table.includes('hunter2'), table);
});
