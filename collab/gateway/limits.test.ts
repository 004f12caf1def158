import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import { createBudgets } from './budgets.ts';
import { createStrikes } from './strikes.ts';
import { SharedMessage, websocketFrame } from './websocket-frame.ts';
import { createShares } from '../rooms/shares.ts';
import { createRefusedText } from '../rooms/refused-text.ts';

/** Part of the package, but not of its types. */
const { Sender } = createRequire(import.meta.url)('ws') as {
  Sender: { frame(data: Buffer, options: object): Buffer[] };
};

function clock() {
  let time = 1_000_000;
  return { now: () => time, later: (ms: number) => void (time += ms) };
}

test('[GATE15] what the contract calls a burst passes, more is slowed by as much as it is too much', () => {
  const { now, later } = clock();
  const budgets = createBudgets({ now, rates: { frames: 300, bytes: 2 * 1024 * 1024 } });
  for (let second = 0; second < 60; second += 1) {
    for (let frame = 0; frame < 200; frame += 1) {
      assert.equal(budgets.spend('kim', { frames: 1, bytes: 7_500 }), 0);
    }
    later(1_000);
  }
  let held = 0;
  for (let frame = 0; frame < 2_000; frame += 1) held = budgets.spend('kim', { frames: 1, bytes: 100 });
  assert.ok(held > 2_000 && held <= 5_000, `${held} ms`);
  assert.equal(budgets.spend('lee', { frames: 1, bytes: 100 }), 0);
  later(60_000);
  budgets.sweep();
  assert.equal(budgets.spend('kim', { frames: 1, bytes: 4 * 1024 * 1024 }), 0);
});

test('[GATE16] who comes back in vain waits longer each time, and is forgiven', () => {
  const { now, later } = clock();
  const strikes = createStrikes({ now });
  const waits = Array.from({ length: 12 }, () => {
    strikes.strike('kim doc');
    return strikes.delay('kim doc');
  });
  assert.deepEqual(waits.slice(0, 7), [0, 0, 0, 0, 250, 500, 1_000]);
  assert.equal(waits.at(-1), 4_000);
  assert.equal(strikes.delay('lee doc'), 0);
  later(60_000);
  strikes.sweep();
  assert.equal(strikes.delay('kim doc'), 0);
});

test('[ROOM8] a student adds so much to a document of all, staff more; nobody brings clients without end', () => {
  const { now, later } = clock();
  const shares = createShares({ now, studentAddsBytes: 1024 * 1024 });
  const half = { bytes: 512 * 1024, clients: 1 };
  assert.ok(shares.take('d', 'kim', half, true));
  assert.ok(shares.take('d', 'kim', half, true));
  assert.equal(shares.take('d', 'kim', { bytes: 1, clients: 0 }, true), false);
  assert.ok(shares.take('d', 'kim', { bytes: 1, clients: 0 }, false));
  assert.ok(shares.take('other', 'kim', half, true));
  assert.equal(shares.take('d', 'lee', { bytes: 1, clients: 20_000 }, true), false);
  assert.ok(shares.take('d', 'lee', { bytes: 1, clients: 2_000 }, true));
  assert.equal(shares.take('d', 'lee', { bytes: 1, clients: 10 }, true), false);
  later(200_000);
  assert.ok(shares.take('d', 'lee', { bytes: 1, clients: 10 }, true));
});

test('[GATE14] refused text is known by who typed it, refused deletions by their range, once', () => {
  const refused = createRefusedText();
  const none = { ends: new Map<number, number>(), deletions: new Map(), first: true };
  const deleting = (from: number, len: number) => ({ ...none, deletions: new Map([[5, [{ clock: from, len }]]]) });
  refused.add('d', 'kim', new Map([[9, 4]]), new Map());
  assert.ok(refused.isIn('d', 'kim', { ...none, ends: new Map([[9, 5]]), first: false }));
  assert.equal(refused.isIn('d', 'kim', { ...none, ends: new Map([[10, 5]]) }), false);
  assert.equal(refused.isIn('d', 'lee', { ...none, ends: new Map([[9, 5]]) }), false);
  assert.equal(refused.isIn('other', 'kim', { ...none, ends: new Map([[9, 5]]) }), false);
  refused.add('d', 'lee', new Map(), new Map([[5, [{ clock: 10, len: 5 }]]]));
  assert.equal(refused.isIn('d', 'lee', none), false);
  assert.equal(refused.isIn('d', 'lee', deleting(0, 10)), false);
  assert.equal(refused.isIn('d', 'lee', { ...deleting(14, 1), first: false }), false);
  assert.ok(refused.isIn('d', 'lee', deleting(14, 1)));
  assert.equal(refused.isIn('d', 'lee', deleting(14, 1)), false);
});

test('[GATE17] a frame made once is the frame the library would make', () => {
  for (const bytes of [0, 1, 125, 126, 65_535, 65_536, 200_000]) {
    const prefix = Buffer.from('ab');
    const body = Buffer.alloc(bytes, 7);
    const options = { fin: true, opcode: 2, mask: false, readOnly: true, rsv1: false };
    const expected = Buffer.concat(Sender.frame(Buffer.concat([prefix, body]), options));
    assert.deepEqual(websocketFrame(prefix, body), expected);
  }
  const message = new SharedMessage(Buffer.from('x'));
  const plain = { address: '', prefix: new Uint8Array() };
  assert.equal(message.frame(plain), message.frame({ ...plain }));
  assert.notEqual(message.frame(plain), message.frame({ address: 'doc', prefix: Buffer.from('doc') }));
});
