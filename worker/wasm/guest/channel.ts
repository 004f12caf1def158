import { readSync, writeSync } from 'node:fs';
import process from 'node:process';
import type { GuestMessage, Program, Report } from '../protocol.ts';

/** 1 and 2 stay Node's own, so that its complaints never mix with what the program says. */
export const guestFd = { control: 3, stdout: 4, stderr: 5, made: 6 } as const;

export type OutputName = 'stdout' | 'stderr';

// Taken now: nothing of `process` is left when a program runs.
const exit: (code: number) => never = process.exit.bind(process);
const readParent = () => process.ppid;
const parent = readParent();
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread. A guest has no event loop while a program runs. */
export function sleep(ms: number): void {
  const until = performance.now() + ms;
  for (let left = ms; left > 0; left = until - performance.now()) {
    tick();
    Atomics.wait(pause, 0, 0, Math.min(left, 250));
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += writeSync(fd, bytes, offset, bytes.length - offset);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') exit(0);
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

export function send(message: GuestMessage): void {
  writeAll(guestFd.control, new TextEncoder().encode(`${JSON.stringify(message)}\n`));
}

/** Blocks until the worker has sent a program and closed its side of the pipe; ends the process when it never does. */
export function readProgram(): Program {
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(65_536);
  let text = '';
  for (;;) {
    try {
      const count = readSync(guestFd.control, chunk);
      if (count === 0) break;
      text += decoder.decode(chunk.subarray(0, count), { stream: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') exit(0);
      Atomics.wait(pause, 0, 0, 5);
    }
  }
  return text === '' ? exit(0) : (JSON.parse(text) as Program);
}

const started = { cpu: process.cpuUsage(), rss: process.memoryUsage.rss() };

/** Marks where the program begins, for the figures of the report. */
export function measureFromHere(): void {
  started.cpu = process.cpuUsage();
  started.rss = process.memoryUsage.rss();
}

/** Writes what is left, reports and waits for the end: the worker kills a guest that is done. */
export function finish(outcome: Omit<Report, 'type' | 'cpuMs' | 'memoryBytes'>): never {
  flush();
  const cpu = process.cpuUsage(started.cpu);
  const cpuMs = Math.round((cpu.user + cpu.system) / 1000);
  send({ type: 'done', ...outcome, cpuMs, memoryBytes: Math.max(0, process.memoryUsage.rss() - started.rss) });
  for (;;) sleep(1000);
}

/*
 * Output. A program that is killed must not lose what it printed, and one that prints in an endless loop must reach its
 * limit soon. So each write goes straight to the pipe while there are few of them (a bucket that refills at one per
 * millisecond); beyond that they are collected until 16 KiB are there or the next tick finds them 20 ms old.
 */
const burst = 200;
const collectBytes = 16_384;
const collectMs = 20;
/** Asking for the time costs more than keeping two bytes; the tick asks too. */
const writesPerLook = 16;
const collected = {
  stdout: { bytes: new Uint8Array(collectBytes), length: 0 },
  stderr: { bytes: new Uint8Array(collectBytes), length: 0 },
};
let credit = burst;
let lookedAt = 0;
let unlooked = 0;
let flushedAt = 0;

/** Writes `length` bytes of `memory` from `start` on. */
export function write(name: OutputName, memory: Uint8Array, start = 0, length = memory.length): void {
  if (credit < 1 && (unlooked += 1) > writesPerLook) look();
  if (credit >= 1 || length > collectBytes) {
    credit -= 1;
    flush();
    writeAll(guestFd[name], memory.subarray(start, start + length));
    return;
  }
  const buffer = collected[name];
  if (buffer.length + length > collectBytes) flush();
  for (let index = 0; index < length; index += 1) buffer.bytes[buffer.length + index] = memory[start + index]!;
  buffer.length += length;
}

function look(): void {
  const now = performance.now();
  credit = Math.min(burst, credit + (now - lookedAt));
  lookedAt = now;
  unlooked = 0;
}

export function flush(): void {
  flushedAt = performance.now();
  for (const name of ['stdout', 'stderr'] as const) {
    const buffer = collected[name];
    if (buffer.length > 0) writeAll(guestFd[name], buffer.bytes.subarray(0, buffer.length));
    buffer.length = 0;
  }
}

let checkedAt = 0;

/**
 * Called by the engines every few thousand instructions: collected output goes out, and a guest whose worker has died
 * ends instead of running on unseen.
 */
export function tick(): void {
  const now = performance.now();
  if (now - flushedAt > collectMs) {
    look();
    if (collected.stdout.length + collected.stderr.length > 0) flush();
  }
  if (now - checkedAt < 250) return;
  checkedAt = now;
  if (readParent() !== parent) exit(0);
}
