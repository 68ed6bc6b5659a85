import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { recipeSchema } from '../../src-main/contract/recipe.ts';
import { openHome } from '../../src-main/service/home.ts';
import { createRun, findRun } from '../../src-main/store/runs.ts';
import { watchOthersRuns } from '../../src-main/studio/others-runs.ts';

const script = fileURLToPath(new URL('../run-folder/run-lock-child.ts', import.meta.url));
const recipe = recipeSchema.parse({ name: 'a run', teacher: { model: '/t' }, student: { model: '/s' }, data: { train: '/d.jsonl', prompt: '{{a}}' }, method: { preset: 'gkd', lambda: 1 }, train: { steps: 1 } });

it('marks the run of a process that dies behind the opening of the history, and none that is computed here or has not begun', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'retort-others-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const runDir = (id: string): string => join(folder, 'runs', id);
  const before = await openHome(folder);
  for (const id of ['orphan', 'own', 'later']) await mkdir(runDir(id), { recursive: true });
  await createRun(before.database, { id: 'orphan', name: 'orphan', recipe, runDir: runDir('orphan') });
  await before.close();
  // The worker of a program that was killed: it outlives that by a step.
  const worker = fork(script, ['hold', runDir('orphan')], { execArgv: ['--import', 'tsx'] });
  onTestFinished(() => { worker.kill('SIGKILL'); });
  await once(worker, 'message');

  const home = await openHome(folder);
  const status = async (id: string): Promise<string> => (await findRun(home.database, id)).status;
  expect(await status('orphan')).toBe('running');
  let told = 0;
  const stop = await watchOthersRuns(home.database, (id) => id === 'own', () => { told++; });
  for (const id of ['own', 'later']) await createRun(home.database, { id, name: id, recipe, runDir: runDir(id) });
  worker.kill('SIGKILL');
  await expect.poll(() => told).toBe(1);
  expect(await status('orphan')).toBe('interrupted');
  // Nobody was seen in their folders: one is computed here, the other's process is just beginning.
  expect([await status('own'), await status('later')]).toEqual(['running', 'running']);
  stop();
  await home.close();
});
