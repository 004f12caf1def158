import '../end-with-parent.ts';
import type { Plan, Run } from '../plans.ts';
import { createRpc } from '../rpc.ts';
import { runCapacity } from './capacity.ts';
import { runIdle } from './idle.ts';
import { runJoin } from './join.ts';
import { askServer } from './parent.ts';
import { runTraffic } from './traffic.ts';

/** The load process: everybody who is connected, readers and writers, on one clock. */
const rpc = createRpc(process, {
  run({ plan, relay, durable }: { plan: Plan; relay: boolean; durable: boolean }): Promise<Run> {
    if (plan.kind === 'traffic') return runTraffic(server, plan, { relay, durable });
    if (plan.kind === 'capacity') return runCapacity(server, plan, { relay, durable });
    if (plan.kind === 'join') return runJoin(server, plan);
    return runIdle(server, plan);
  },
  end: () => setImmediate(() => process.exit(0)) && undefined,
});
const server = askServer(rpc);
