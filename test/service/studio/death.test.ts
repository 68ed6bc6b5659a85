import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CallInput, CallName, CallResult } from '../../../src-main/contract/api/api.ts';
import type { FeedMessage } from '../../../src-main/contract/api/feed.ts';
import { fromReport } from '../../../src-main/contract/problem.ts';
import { COMMANDS } from '../../../src-main/contract/worker.ts';
import { openStudio, type Studio } from '../../../src-main/service/studio/studio.ts';
import { childHost } from '../../../src-main/worker/child-host.ts';
import { tinyProject, type TinyProject } from '../../support/tiny-project.ts';

let project: TinyProject;
let home: string;
let studio: Studio;
const messages: FeedMessage[] = [];

beforeAll(async () => {
  project = await tinyProject();
  home = await mkdtemp(join(tmpdir(), 'retort-home-'));
  studio = await openStudio({ home, createWorker: () => childHost(join(process.cwd(), 'out/main/worker/entry.js'), COMMANDS) });
  studio.subscribe((message) => messages.push(message));
});
afterAll(async () => {
  await studio.close();
  await project.remove();
  await rm(home, { recursive: true });
});

async function call<Name extends CallName>(name: Name, params: CallInput<Name>): Promise<CallResult<Name>> {
  const answer = await studio.call(name, params);
  if (!answer.ok) throw fromReport(answer.error);
  return answer.result as CallResult<Name>;
}

async function until<T>(find: () => T | undefined): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const ended = (runId: string, after = 0) => until(() => messages.slice(after).find((message) => message.topic === 'ended' && message.runId === runId));

/** Kills the process that computes; the one that answers questions stays. */
function killBusiest(): void {
  const workers = execFileSync('ps', ['--ppid', String(process.pid), '-o', 'pid=,cputimes=,args=', '--sort=-cputimes'], { encoding: 'utf8' });
  const [busiest] = workers.split('\n').filter((line) => line.includes('worker/entry.js'));
  process.kill(Number(busiest!.trim().split(/\s+/)[0]), 'SIGKILL');
}

it('a worker that is killed leaves the run interrupted; resumed, it ends as if nothing had happened', async () => {
  const recipe = project.recipe({ train: { steps: 60, batchSize: 6, learningRate: 1e-3 }, checkpoint: { every: 10, keep: 2 } });
  const losses = async (runId: string): Promise<(number | null)[]> => (await call('runs.steps', { runId, after: -1, limit: 1000 })).map(({ loss }) => loss);
  const whole = await call('runs.start', { recipe });
  await ended(whole.runId);

  const cut = await call('runs.start', { recipe });
  await until(() => (studio.live()[0]?.step ?? 0) >= 25 || undefined);
  killBusiest();
  expect(await ended(cut.runId)).toMatchObject({ how: 'interrupted', error: { message: expect.stringContaining('SIGKILL') as string } });
  const interrupted = await call('runs.get', { runId: cut.runId });
  expect(interrupted).toMatchObject({ status: 'interrupted', checkpoint: { step: expect.any(Number) as number } });
  expect(interrupted.checkpoint!.step).toBeGreaterThanOrEqual(20);

  const after = messages.length;
  await call('runs.resume', { runId: cut.runId });
  expect(await ended(cut.runId, after)).toMatchObject({ how: 'done' });
  expect(await losses(cut.runId)).toEqual(await losses(whole.runId));
});
