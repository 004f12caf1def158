import { Writable } from 'node:stream';
import { createLog, type Log } from '#platform/log.ts';

/** A log whose lines can be read back as one text, down to level debug. */
export function recordLog(): { log: Log; text(): string } {
  let lines = '';
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines += String(chunk);
      done();
    },
  });
  return { log: createLog({ level: 'debug', destination }), text: () => lines };
}
