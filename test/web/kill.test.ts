import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CallInput, CallName, CallResult } from '../../src-main/contract/api/api.ts';
import { CLI } from '../support/build.ts';
import { childrenOf, isAlive } from '../support/processes.ts';
import { SlowSteps } from '../support/slow-steps.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let home: string;
let slow: SlowSteps;
beforeAll(async () => {
  project = await tinyProject();
  home = await mkdtemp(join(tmpdir(), 'retort-kill-'));
  slow = new SlowSteps(home);
});
afterAll(async () => {
  await project.remove();
  await rm(home, { recursive: true });
});

interface Program { child: ChildProcess; call<Name extends CallName>(name: Name, params: CallInput<Name>): Promise<CallResult<Name>> }

/** The whole program, as `retort serve` starts it, spoken to as its page does. */
async function start(): Promise<Program> {
  const child = spawn(process.execPath, [CLI, '--home', home, '--json', 'serve', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...slow.env } });
  const [line] = await once(createInterface(child.stdout), 'line') as [string];
  const url = new URL((JSON.parse(line) as { url: string }).url);
  const cookie = (await fetch(url)).headers.get('set-cookie')!.split(';')[0]!;
  return {
    child,
    call: async <Name extends CallName>(name: Name, params: CallInput<Name>) => {
      const response = await fetch(new URL('/api/call', url), { method: 'POST', headers: { cookie, origin: url.origin }, body: JSON.stringify({ name, params }) });
      const answer = await response.json() as { ok: boolean; result: CallResult<Name>; error?: { message: string } };
      if (!answer.ok) throw new Error(answer.error?.message);
      return answer.result;
    },
  };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await sleep(50);
}

it('a program that is killed in a run loses nothing before the last checkpoint, and the run ends as if nothing had happened', async () => {
  const recipe = project.recipe({ train: { steps: 60, batchSize: 6, learningRate: 1e-3 }, checkpoint: { every: 10, keep: 2 } });
  let program = await start();
  const whole = await program.call('runs.start', { recipe });
  await until(async () => (await program.call('runs.get', whole)).status === 'done');
  slow.behind(25);
  const cut = await program.call('runs.start', { recipe });
  await until(async () => (await program.call('runs.get', cut)).lastStep >= 25);
  const workers = childrenOf(program.child.pid!);
  program.child.kill('SIGKILL');
  await once(program.child, 'exit');
  // A worker notices and ends at the next step; until then the run's folder is in use.
  await until(async () => !workers.some(isAlive));

  slow.end();
  program = await start();
  const interrupted = await program.call('runs.get', cut);
  expect(interrupted.status).toBe('interrupted');
  expect(interrupted.checkpoint!.step).toBeGreaterThanOrEqual(20);
  await program.call('runs.resume', cut);
  await until(async () => (await program.call('runs.get', cut)).status === 'done');
  const losses = async (run: { runId: string }): Promise<(number | null)[]> => (await program.call('runs.steps', { ...run, after: -1, limit: 1000 })).map(({ loss }) => loss);
  expect(await losses(cut)).toEqual(await losses(whole));
  program.child.kill('SIGTERM');
  expect(await once(program.child, 'exit')).toEqual([0, null]);
});
