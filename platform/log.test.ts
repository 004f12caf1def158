import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import test from 'node:test';
import { AppError } from '#contract/errors.ts';
import { createLog, type Log } from './log.ts';

/** What a log writes while `work` uses it, line by line. */
function linesOf(work: (log: Log) => void, level = 'info'): Record<string, unknown>[] {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  work(createLog({ level, destination }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const secret = 'hunter2-hunter2';

test('[OPS17] a secret field is not written, however deep it stands', () => {
  const [line] = linesOf((log) =>
    log.info(
      {
        password: secret,
        request: { headers: { Authorization: secret, cookie: secret, 'set-cookie': [secret] }, method: 'POST' },
        jobs: [{ id: 'j1', data: { files: [{ path: 'a.py', content: secret }], stdin: { text: secret } } }],
        results: [[{ stdout: secret, stderr: secret, exitCode: 0 }]],
        config: { jwtSecret: secret },
        body: { currentPassword: secret, newPassword: secret, code: secret, accessToken: secret, refreshToken: secret },
        bytes: Buffer.from(secret),
      },
      'request',
    ),
  );
  const text = JSON.stringify(line);
  assert.ok(!text.includes(secret), text);
  assert.ok(!text.includes(Buffer.from(secret).toString('base64')));
  assert.deepEqual(line!.request, {
    headers: { Authorization: '[redacted]', cookie: '[redacted]', 'set-cookie': '[redacted]' },
    method: 'POST',
  });
  assert.deepEqual(line!.results, [[{ stdout: '[redacted]', stderr: '[redacted]', exitCode: 0 }]]);
  assert.equal(line!.bytes, '[15 bytes]');
});

test('[OPS17] the fields of a child logger are under the same rule', () => {
  const [line] = linesOf((log) =>
    log.child({ token: secret, connection: { token: secret }, room: 'c:k:main' }).info('x'),
  );
  assert.ok(!JSON.stringify(line).includes(secret));
  assert.equal(line!.room, 'c:k:main');
});

test('[OPS18] secrets inside of other text are cut out', () => {
  const jwt = `eyJhbGciOiJIUzI1NiJ9.${secret}.c2ln`;
  const [line] = linesOf((log) =>
    log.error(
      {
        database: `mysql://lectern:${secret}@db:3306/lectern`,
        redis: `redis://:${secret}@cache:6379`,
        url: `/collab/c:k:main?token=${secret}&acks=1`,
        header: `Bearer ${jwt}`,
        error: new Error(`cannot reach mysql://root:${secret}@db`, { cause: new Error(`bad token ${jwt}`) }),
      },
      'failed',
    ),
  );
  const text = JSON.stringify(line);
  assert.ok(!text.includes(secret), text);
  assert.equal(line!.database, 'mysql://lectern:[redacted]@db:3306/lectern');
  assert.equal(line!.redis, 'redis://:[redacted]@cache:6379');
  assert.equal(line!.url, '/collab/c:k:main?token=[redacted]&acks=1');
  assert.equal(line!.header, 'Bearer [redacted]');
});

test('[OPS19] an error is written with name, code, message, stack and cause', () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const [line] = linesOf((log) => log.error({ error: new AppError('unavailable', 'Try again.', { cause }) }, 'failed'));
  const error = line!.error as Record<string, Record<string, unknown>>;
  assert.equal(error.name, 'AppError');
  assert.equal(error.code, 'unavailable');
  assert.equal(error.message, 'unavailable: Try again.');
  assert.match(String(error.stack), /log\.test\.ts/);
  assert.equal(error.cause!.code, 'ECONNREFUSED');
});

test('[OPS19] whatever is thrown or logged, logging does not fail', () => {
  const ring: Record<string, unknown> = { name: 'ring', at: new Date(0) };
  ring.self = ring;
  const looped = new Error('looped');
  looped.cause = looped;
  const lines = linesOf((log) => {
    log.error({ error: undefined, err: null, ring, big: 2n ** 70n, list: [undefined, null, 1] }, 'odd');
    log.error({ error: looped }, 'odd');
    log.error({ error: 'a string' }, 'odd');
    log.error(new Error('alone'));
  });
  assert.equal(lines.length, 4);
  assert.equal(lines[0]!.big, String(2n ** 70n));
  assert.equal((lines[0]!.ring as { at: string }).at, '1970-01-01T00:00:00.000Z');
  assert.equal(lines[2]!.error, 'a string');
  assert.equal(lines[3]!.msg, 'alone');
});
