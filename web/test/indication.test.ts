import assert from 'node:assert/strict';
import test from 'node:test';
import { closeCodes } from '#contract/close-codes.ts';
import { limits } from '#contract/limits.ts';
import { indicate, type Indication } from '../src/document/indication.ts';
import { limitMet } from '../src/document/limit.ts';
import { chooseStrings } from '../src/strings/index.ts';

type Line = Parameters<typeof indicate>[0];
const server = { mode: 'free', storing: true, accepting: true, run: undefined } as const;
const line = (state: Partial<Line> = {}): Line => ({
  connection: 'connected',
  closedBy: undefined,
  loaded: true,
  saved: 'saved',
  server,
  ...state,
});
const says = (state: Partial<Line>, room: Partial<Parameters<typeof indicate>[1]> = {}): Indication =>
  indicate(line(state), { access: 'write', refused: false, unsavedElsewhere: false, ...room });

test('[WEB29] each way in which saving stands still is told apart', () => {
  assert.equal(says({}).say, 'saved');
  assert.equal(says({}, { access: 'read' }).say, 'live');
  assert.equal(says({ saved: 'saving' }).say, 'saving');
  assert.equal(says({}, { unsavedElsewhere: true }).say, 'saving');
  assert.equal(says({ loaded: false, connection: 'connecting' }).say, 'connecting');
  assert.equal(says({ saved: 'unsaved' }).say, 'late');
  assert.equal(says({ saved: 'unsaved', server: { ...server, storing: false } }).say, 'buffering');
  const full = { ...server, storing: false, accepting: false };
  assert.equal(says({ server: full }).say, 'full');
  assert.equal(says({ saved: 'unsaved', server: full }).say, 'full');
  // Who only reads has nothing to wait for.
  assert.equal(says({ server: full }, { access: 'read' }).say, 'live');
  assert.equal(says({ saved: 'unsaved', closedBy: 4413 }, { refused: true }).say, 'refused');
});

test('[WEB29] an interruption says why, and whether typing waits, until the document has caught up', () => {
  const why = (closedBy: number | undefined) => {
    const indication = says({ connection: 'connecting', closedBy });
    return indication.say === 'interrupted' ? indication.why : undefined;
  };
  assert.equal(why(1006), 'offline');
  assert.equal(why(undefined), 'offline');
  assert.equal(why(closeCodes.restarting.code), 'restarting');
  assert.equal(why(closeCodes.tooSlow.code), 'slow');
  assert.equal(why(closeCodes.cannotLoad.code), 'cannotLoad');
  // A refusal is a socket that opens and closes: being connected says nothing yet.
  const refused = { kind: 'bad', say: 'interrupted', why: 'cannotLoad', unsaved: false } as const;
  assert.deepEqual(says({ closedBy: 4500 }), refused);
  assert.deepEqual(says({ closedBy: 4500, loaded: false }), refused);
  assert.deepEqual(says({ closedBy: 4500, saved: 'unsaved' }), { ...refused, unsaved: true });
  assert.deepEqual(says({ closedBy: 4500 }, { unsavedElsewhere: true }), { ...refused, unsaved: true });
});

test('[WEB29] every sentence is there in both languages, and no two are the same', () => {
  for (const { saved } of [chooseStrings(['en']), chooseStrings(['ko'])]) {
    const plain = (['saved', 'saving', 'connecting', 'live', 'late', 'buffering', 'full', 'refused'] as const).map(
      (say) => saved[say],
    );
    const interrupted = Object.values(saved.reasons).flatMap((why) => [saved.unsaved(why), saved.waiting(why)]);
    const all = [...plain, ...interrupted];
    assert.equal(new Set(all).size, all.length);
  }
});

test('[WEB25] the limit that was met: one piece, the document, or one person’s share of it', () => {
  const sizes = { largestFrame: 10, document: 100, share: false };
  const { tooLarge, frameTooLarge, discardState } = closeCodes;
  assert.equal(limitMet(frameTooLarge.code, sizes), 'frame');
  // The second time within a minute has another code for the same thing.
  assert.equal(limitMet(tooLarge.code, { ...sizes, largestFrame: limits.frameBytes + 1 }), 'frame');
  assert.equal(limitMet(tooLarge.code, { ...sizes, document: limits.documentBytes + 1 }), 'document');
  assert.equal(limitMet(tooLarge.code, { ...sizes, share: true }), 'share');
  assert.equal(limitMet(tooLarge.code, { ...sizes, share: true, document: limits.documentBytes + 1 }), 'document');
  assert.equal(limitMet(discardState.code, sizes), undefined);
});
