import { closeSync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { JournalReply, JournalRequest } from './journal.ts';

/**
 * The journal's disk work, in a thread of its own so that no fsync ever waits on the event loop that serves sockets.
 * Each request is written and synced whole before it is answered. Segments are append-only files; a segment whose
 * records are all in the database is deleted.
 */
const { directory, segmentBytes } = workerData as { directory: string; segmentBytes: number };

let segment: { file: string; descriptor: number; bytes: number } | undefined;
let made = 0;

function syncDirectory(): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function openSegment(): { file: string; descriptor: number; bytes: number } {
  made += 1;
  const file = `${Date.now().toString().padStart(15, '0')}-${made.toString().padStart(6, '0')}.journal`;
  const descriptor = openSync(path.join(directory, file), 'wx', 0o600);
  // Without this a power cut can forget that the file exists, synced contents and all.
  syncDirectory();
  return { file, descriptor, bytes: 0 };
}

function append(frames: Uint8Array): string {
  segment ??= openSegment();
  const { descriptor, bytes } = segment;
  try {
    for (let rest = frames; rest.length > 0;) {
      const written = writeSync(descriptor, rest);
      segment.bytes += written;
      rest = rest.subarray(written);
    }
    fdatasyncSync(descriptor);
  } catch (error) {
    // Half a batch must not stay in front of the retry.
    ftruncateSync(descriptor, bytes);
    segment.bytes = bytes;
    throw error;
  }
  const { file } = segment;
  if (segment.bytes >= segmentBytes) rotate();
  return file;
}

function rotate(): void {
  if (segment !== undefined) closeSync(segment.descriptor);
  segment = undefined;
}

function remove(files: string[]): void {
  for (const file of files) {
    if (file === segment?.file) rotate();
    unlinkSync(path.join(directory, file));
  }
}

function answer(request: JournalRequest): JournalReply {
  try {
    if (request.type === 'append') return { type: 'appended', file: append(request.frames) };
    remove(request.files);
    return { type: 'removed' };
  } catch (error) {
    return { type: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

parentPort!.on('message', (request: JournalRequest) => parentPort!.postMessage(answer(request)));
