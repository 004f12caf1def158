import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { WebSocketServer } from 'ws';
import { createFrameParser } from '../bench/load/frame-parser.ts';
import { runTraffic } from '../bench/load/traffic.ts';
import type { Server } from '../bench/load/parent.ts';
import type { TrafficPlan } from '../bench/plans.ts';
import { openRooms, usage } from '../bench/servers/serve.ts';
import { websocketFrame } from '../collab/gateway/websocket-frame.ts';
import { waitFor } from './support/wait-for.ts';

const root = path.dirname(import.meta.dirname);

async function startBench(t: TestContext, args: string[]) {
  const folder = await mkdtemp(path.join(tmpdir(), 'lectern-bench-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'results.json');
  const child = spawn(process.execPath, ['bench/main.ts', ...args, '--quick', '--json', file], { cwd: root });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, file, output: () => output };
}

/** Pids of the processes that the process `pid` has started. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('[BENCH1, BENCH2] a quick classroom runs to a table and to JSON, correct on both servers', async (t) => {
  const { child, file, output } = await startBench(t, ['classroom', '--seconds', '1', '--servers', 'lectern,relay']);
  const [code] = await once(child, 'exit');
  assert.equal(code, 0, output());
  assert.match(output(), /^\| lectern +\|.*\| +yes \|$/m);
  assert.match(output(), /^\| relay +\|.*\| +yes \|$/m);
  const { machine, results } = JSON.parse(await readFile(file, 'utf8'));
  assert.equal(machine.node, process.version);
  for (const { run } of results[0].measured) assert.ok(run.metrics.echoP50 > 0 && run.metrics.cpuPerDelivery > 0);
});

test(
  '[BENCH1] an interrupted run leaves no process behind',
  { skip: process.platform === 'linux' ? false : 'reads /proc' },
  async (t) => {
    const { child } = await startBench(t, ['classroom', '--seconds', '60', '--servers', 'relay']);
    const children = await waitFor(
      async () => {
        const pids = await childrenOf(child.pid!);
        return pids.length === 2 && pids;
      },
      { what: 'a server and a load process', withinMs: 20_000 },
    );
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    assert.equal(code, 130);
    await waitFor(() => children.every((pid) => !isAlive(pid)), { what: 'the children to go' });
  },
);

test('[BENCH2] the light client finds frames of every size whole, wherever packets cut them', () => {
  const bodies = [0, 1, 5, 125, 126, 127, 300, 65_535, 65_536, 70_000, 2].map((size) => Buffer.alloc(size, size & 255));
  const stream = Buffer.concat(bodies.map((body) => websocketFrame(Buffer.alloc(0), body)));
  for (const cut of [1, 2, 3, 5, 7, 100, 65_537, stream.length]) {
    const seen: Buffer[] = [];
    const parse = createFrameParser({
      message: (body) => void seen.push(Buffer.from(body)),
      ping: () => assert.fail('there is no ping'),
      closed: () => assert.fail('nobody closes'),
    });
    for (let at = 0; at < stream.length; at += cut) parse(stream.subarray(at, at + cut));
    const whole = seen.length === bodies.length && seen.every((body, index) => body.equals(bodies[index]!));
    assert.ok(whole, `cut every ${cut} bytes`);
  }
});

/** A relay that does to the frame of that number what `copies` says: it goes out so many times. */
async function faultyRelay(t: TestContext, copies: (frame: number) => number): Promise<Server> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  let frames = 0;
  server.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => {
      // Awareness and questions pass; edits are sync updates.
      const isEdit = data[0] === 0 && data[1] === 2;
      const times = isEdit ? copies(frames) : 1;
      if (isEdit) frames += 1;
      for (const other of server.clients) {
        if (other !== socket) for (let time = 0; time < times; time += 1) other.send(data);
      }
    }),
  );
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const rooms = openRooms('room', 'y-websocket', () => `ws://127.0.0.1:${port}/`);
  const nothing = { rss: 0, heapUsed: 0, live: 0 };
  return { rooms: async (wanted) => rooms(wanted), usage: async () => usage(), memory: async () => nothing };
}

const smallPlan: TrafficPlan = {
  kind: 'traffic',
  rooms: 1,
  clients: 3,
  writers: 1,
  editsPerSecond: 50,
  cursors: 0,
  cursorsPerSecond: 0,
  warmSeconds: 0.1,
  seconds: 0.3,
  audit: false,
};

test('[BENCH2] an edit lost while another is doubled makes every reader wrong', async (t) => {
  const faithful = await faultyRelay(t, () => 1);
  const lossy = await faultyRelay(t, (frame) => (frame === 4 ? 2 : frame === 5 ? 0 : 1));
  const options = { relay: true, durable: false };
  assert.equal((await runTraffic(faithful, smallPlan, options)).checks.wrongReaders, 0);
  assert.equal((await runTraffic(lossy, smallPlan, options)).checks.wrongReaders, 2);
});
