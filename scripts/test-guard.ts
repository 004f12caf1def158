// Loaded before each test file by scripts/test.ts. A test that leaves a socket or a timer behind would keep its process
// for ever, and the whole run with it; here such a file fails, and says what it left.
import { after } from 'node:test';
import { isMainThread } from 'node:worker_threads';

const graceMs = 10_000;

// Worker threads and forked programs inherit the command line, and this file with it.
const file = process.argv[1] ?? '';
if (isMainThread && file.endsWith('.test.ts')) {
  after(() => {
    // The timer does not hold the process: it fires only where something else does.
    setTimeout(() => {
      const open = process.getActiveResourcesInfo().join(', ');
      console.error(`${file}: still open ${graceMs} ms after its last test: ${open}`);
      process.exit(1);
    }, graceMs).unref();
  });
}
