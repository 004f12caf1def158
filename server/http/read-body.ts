import type { Request } from 'express';
import { AppError } from '#contract/errors.ts';

const jsonType = /^application\/json(?:\s*;\s*charset=(?:"utf-8"|utf-8))?\s*$/i;
const maxDepth = 100;
const utf8 = new TextDecoder('utf-8', { fatal: true });

const bodies = new WeakMap<Request, Promise<unknown>>();

/**
 * The JSON body of a request, of at most `maxBytes`; undefined when there is none. Nothing is collected beyond the
 * limit, compressed bodies are refused (no bombs), and what comes out still has to pass the route's schema. It is read
 * once: an `authorize` that has to know a part of it may ask before the plumbing does.
 * Throws `unsupported-media-type`, `payload-too-large`, `malformed-json`.
 */
export function readJsonBody(req: Request, maxBytes: number): Promise<unknown> {
  const body = bodies.get(req) ?? receive(req, maxBytes);
  bodies.set(req, body);
  return body;
}

async function receive(req: Request, maxBytes: number): Promise<unknown> {
  const length = Number(req.headers['content-length'] ?? 0);
  if (length === 0 && req.headers['transfer-encoding'] === undefined) return undefined;
  const encoding = req.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' || !jsonType.test(req.headers['content-type'] ?? ''))
    throw new AppError('unsupported-media-type', 'Send the body as application/json in UTF-8, not compressed.');
  const bytes = await collect(req, length, maxBytes);
  if (bytes.length === 0) return undefined;
  if (isDeep(bytes))
    throw new AppError('malformed-json', `The body may be nested ${maxDepth} levels deep at most (RFC 8259 §9).`);
  try {
    return parseJson(utf8.decode(bytes));
  } catch (cause) {
    throw new AppError('malformed-json', 'The body could not be parsed as JSON in UTF-8.', { cause });
  }
}

/** A megabyte of brackets takes some 100 ms to parse, in which everybody waits, and a few to count. */
function isDeep(json: Buffer): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < json.length; index += 1) {
    const byte = json[index];
    if (inString) {
      if (byte === 0x5c /* \ */) index += 1;
      else if (byte === 0x22 /* " */) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x5b /* [ */ || byte === 0x7b /* { */) depth += 1;
    else if (byte === 0x5d /* ] */ || byte === 0x7d /* } */) depth -= 1;
    if (depth > maxDepth) return true;
  }
  return false;
}

/** JSON.parse, but for halves of surrogate pairs (RFC 7493 §2.1): they cannot be stored as UTF-8. */
function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // Only an escape can bring one in, and only what stays one is written as an escape again.
  if (/\\ud[89a-f]/i.test(text) && /(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(JSON.stringify(value)))
    throw new Error('a string holds half a surrogate pair');
  return value;
}

function collect(req: Request, length: number, maxBytes: number): Promise<Buffer> {
  const tooLarge = () =>
    new AppError('payload-too-large', `The body may have at most ${maxBytes} bytes; send less at once.`);
  if (length > maxBytes) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) return void chunks.push(chunk);
      req.off('data', onData);
      // The rest is read and thrown away, so that the client can finish writing and see the answer.
      req.resume();
      reject(tooLarge());
    };
    req.on('data', onData);
    req.once('end', () => resolve(Buffer.concat(chunks)));
    req.once('error', (cause) => reject(new AppError('malformed-json', 'The body ended too early.', { cause })));
    req.once('close', () => reject(new AppError('malformed-json', 'The body ended too early.')));
  });
}
