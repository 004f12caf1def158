import { host, pending } from './host.ts';

/*
 * A call out of the interpreter costs microseconds, a string append does not. Few writes go out at once; when there are
 * many they are collected, and the host fetches what is left after 20 ms or when the program ends.
 */
const burst = 100;
const collectChars = 8_192;
/** Asking for the time is a call out, too. */
const writesPerLook = 32;
let credit = burst;
let lookedAt = 0;
let unlooked = 0;

export function write(name: 'stdout' | 'stderr', text: string): void {
  pending.busy = true;
  // Half a surrogate pair has no UTF-8.
  pending[name] += text.toWellFormed();
  pending.busy = false;
  if (credit < 1) {
    if (pending[name].length < collectChars && (unlooked += 1) < writesPerLook) return;
    unlooked = 0;
    const now = Date.now();
    credit = Math.min(burst, credit + (now - lookedAt));
    lookedAt = now;
    if (pending[name].length < collectChars && credit < 1) return;
  }
  credit = Math.max(0, credit - 1);
  host.flush();
}
