// What a program could try that has broken out of its engine into the process around it. Run under the command line of a
// guest, after its doors are closed; says on standard output what was possible.
import fs from 'node:fs';
import { createConnection } from 'node:net';
import process from 'node:process';
import { lockDown } from '../../worker/wasm/guest/lockdown.ts';

const { exec } = await import('node:child_process');
const { Worker } = await import('node:worker_threads');
const { readFileSync, writeFileSync, writeSync, readdirSync } = fs;
const [secretFile = ''] = process.argv.slice(2);

const attempts: Record<string, () => unknown> = {
  environment: () => Object.keys(process.env).join() || Promise.reject(new Error('empty')),
  'read a file': () => readFileSync(secretFile, 'utf8'),
  'read the password file': () => readFileSync('/etc/passwd', 'utf8'),
  'read its parent': () => readFileSync(`/proc/${process.ppid}/environ`, 'utf8'),
  'list the root': () => readdirSync('/'),
  'write a file': () => writeFileSync('/tmp/lectern-broken-out', 'x'),
  'start a program': () =>
    new Promise((resolve, reject) => exec('id', (error, out) => (error ? reject(error) : resolve(out)))),
  'start a thread': () => new Worker('1', { eval: true }),
  'load native code': () => process.dlopen({ exports: {} }, secretFile),
  'import a module': () => import('node:dgram'),
  'import a file': () => import(secretFile),
  'run text': () => Reflect.apply(Reflect.get(globalThis, 'eval') ?? Function, null, ['1']),
  // oxlint-disable-next-line typescript/no-implied-eval
  'make a function': () => Function('return 1')() as unknown,
  'find process': () => Reflect.get(globalThis, 'process').env ?? Promise.reject(new Error('no environment')),
  'find fetch': () => Reflect.get(globalThis, 'fetch') ?? Promise.reject(new Error('no fetch')),
  'find require': () => Reflect.get(globalThis, 'require') ?? Promise.reject(new Error('no require')),
  'use the file module': () => fs.readFileSync ?? fs.openSync ?? Promise.reject(new Error('nothing')),
};

lockDown();
const possible: string[] = [];
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt();
    possible.push(name);
  } catch {
    // Refused, as it should be.
  }
}
writeSync(1, JSON.stringify({ tried: Object.keys(attempts).length, possible, linked: typeof createConnection }));
