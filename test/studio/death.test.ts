import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { COMMANDS } from '../../src-main/contract/worker.ts';
import { lockHolder } from '../../src-main/run-folder/run-lock.ts';
import { openStudio } from '../../src-main/studio/studio.ts';
import { childHost } from '../../src-main/worker/child-host.ts';
import { SlowSteps } from '../support/slow-steps.ts';
import { StudioClient, until } from '../support/studio-client.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let home: string;
let client: StudioClient;
let slow: SlowSteps;

beforeAll(async () => {
  project = await tinyProject();
  home = await mkdtemp(join(tmpdir(), 'retort-home-'));
  slow = new SlowSteps(home);
  client = new StudioClient(await openStudio({ home, createWorker: () => childHost(join(process.cwd(), 'out/main/worker/entry.js'), COMMANDS, { env: slow.env }) }));
});
afterAll(async () => {
  await client.studio.close();
  await project.remove();
  await rm(home, { recursive: true });
});

it('a worker that is killed leaves the run interrupted; resumed, it ends as if nothing had happened', async () => {
  const recipe = project.recipe({ train: { steps: 60, batchSize: 6, learningRate: 1e-3 }, checkpoint: { every: 10, keep: 2 } });
  const losses = async (runId: string): Promise<(number | null)[]> => (await client.call('runs.steps', { runId, after: -1, limit: 1000 })).map(({ loss }) => loss);
  const whole = await client.call('runs.start', { recipe });
  await client.ended(whole.runId);

  slow.behind(25);
  const cut = await client.call('runs.start', { recipe });
  await until(() => (client.studio.live()[0]?.step ?? 0) >= 25 || undefined);
  // The process that computes; the one that answers questions stays.
  const { runDir } = await client.call('runs.get', { runId: cut.runId });
  process.kill((await lockHolder(runDir))!.pid, 'SIGKILL');
  expect(await client.ended(cut.runId)).toMatchObject({ how: 'interrupted', error: { message: expect.stringContaining('SIGKILL') as string } });
  const interrupted = await client.call('runs.get', { runId: cut.runId });
  expect(interrupted).toMatchObject({ status: 'interrupted', checkpoint: { step: expect.any(Number) as number } });
  expect(interrupted.checkpoint!.step).toBeGreaterThanOrEqual(20);

  slow.end();
  const after = client.messages.length;
  await client.call('runs.resume', { runId: cut.runId });
  expect(await client.ended(cut.runId, after)).toMatchObject({ how: 'done' });
  expect(await losses(cut.runId)).toEqual(await losses(whole.runId));
});
