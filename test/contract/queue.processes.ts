import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { waitFor } from '../support/wait-for.ts';
import type { ChildTask } from './queue.child.ts';

/** Starts another process on a queue, and resolves once it works on a job. */
export async function startQueueProcess(task: ChildTask) {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'queue.child.ts'), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  try {
    await waitFor(() => output.includes('active'), { withinMs: 50_000, what: 'the other process to take a job' });
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    /** The run it works on. */
    runId: /active (\S+)/.exec(output)![1]!,
    kill,
    /** Waits for its end; resolves to all that it has said, and rejects when it does not end by itself. */
    async end(withinMs: number): Promise<string> {
      const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
      const [code, signal] = await exited;
      clearTimeout(timer);
      if (code !== 0) throw new Error(`the process ended with ${code ?? signal}: ${output}`);
      return output;
    },
  };
}
