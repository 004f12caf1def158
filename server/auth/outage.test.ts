import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '#platform/db/database.ts';
import { startTestApi } from '../../test/support/api.ts';
import { refreshCookie, withRefreshCookie } from '../../test/support/cookies.ts';
import { databaseEngines, testLog } from '../../test/support/databases.ts';
import { openTcpProxy } from '../../test/support/tcp-proxy.ts';

const mysql = databaseEngines.find(({ name }) => name === 'mysql')!;
const person = { email: 'ada@example.org', password: 'correct horse' };

test(
  '[ACC15] while the database is away everything is 503, and goes on afterwards',
  { skip: mysql.skip },
  async (t) => {
    const opened = await mysql.open();
    const url = new URL((opened.place as { url: string }).url);
    const proxy = await openTcpProxy({ host: url.hostname, port: Number(url.port || 3306) });
    url.host = `127.0.0.1:${proxy.port}`;
    const database = await openDatabase({ url: url.href, log: testLog });
    const drop = async () => {
      await database.close();
      await proxy.close();
      await opened.drop();
    };
    const api = await startTestApi({ engine: { ...mysql, open: async () => ({ ...opened, database, drop }) } });
    t.after(() => api.close());
    const ada = await api.signUp();
    await api.as()('POST', '/api/auth/register', { body: { ...person, name: 'Ada' } });

    await proxy.cut();
    const answers = [
      await api.as(ada)('GET', '/api/me'),
      await api.as()('POST', '/api/auth/login', { body: person }),
      await api.as()('POST', '/api/auth/register', { body: { ...person, email: 'eve@example.org', name: 'Eve' } }),
      await api.as()('POST', '/api/auth/refresh', { body: { refreshToken: 'x' } }),
      await api.as(ada)('POST', '/api/auth/logout'),
    ];
    const byCookie = await api.as()('POST', '/api/auth/refresh', { headers: withRefreshCookie('x') });
    assert.deepEqual([byCookie.status, refreshCookie(byCookie)], [503, undefined], 'the cookie is left alone');
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body.code]),
      answers.map(() => [503, 'unavailable']),
    );

    await proxy.restore();
    assert.equal((await api.as(ada)('GET', '/api/me')).status, 200);
    assert.equal((await api.as()('POST', '/api/auth/login', { body: person })).status, 200);
  },
);
