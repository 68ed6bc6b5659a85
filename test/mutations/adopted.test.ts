import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recipeSchema } from '../../src-main/contract/recipe.ts';
import { Problem } from '../../src-main/contract/problem.ts';
import { adoptRun } from '../../src-main/service/adopt/adopt-run.ts';
import { enterTraining, followTraining } from '../../src-main/service/adopt/follow-training.ts';
import { trainingFolder } from '../../src-main/service/adopt/training-folder.ts';
import { writeHandover } from '../../src-main/service/handover/write-handover.ts';
import { openHome, type Home } from '../../src-main/service/home.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { readEvaluations } from '../../src-main/store/evaluations.ts';
import { readLog } from '../../src-main/store/log.ts';
import { readRollouts } from '../../src-main/store/rollouts.ts';
import { findRun } from '../../src-main/store/runs.ts';
import { readSteps } from '../../src-main/store/steps.ts';
import { openProjectHome, removeProjectHome } from '../support/project-home.ts';
import type { TinyProject } from '../support/tiny-project.ts';
import { COUNT, SEED } from './holds.ts';
import { mutations } from './mutate.ts';

let project: TinyProject;
let home: Home;
beforeAll(async () => { ({ project, home } = await openProjectHome()); });
afterAll(() => removeProjectHome({ project, home }));

/** A damaged file of a folder ends in a run that the history can show, or in a sentence. */
async function holds(path: string, adopt: () => Promise<string>, forget: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  const whole = await readFile(path, 'latin1');
  for (const text of [whole, ...mutations(whole, COUNT, SEED)]) {
    await writeFile(path, Buffer.from(text, 'latin1'));
    const id = await adopt().catch((error: unknown) => {
      expect(error, text.slice(0, 2000)).toSatisfy((one) => one instanceof Problem && one.kind === 'input' && text !== whole);
      return null;
    });
    if (id !== null) {
      const { database } = home;
      await Promise.all([findRun(database, id), readSteps(database, id, { after: 0, limit: 100 }), readEvaluations(database, id), readLog(database, id, { after: 0, limit: 100 }), readRollouts(database, id, { order: 'step', descending: false, offset: 0, limit: 5 })]);
    }
    await forget();
  }
  await writeFile(path, Buffer.from(whole, 'latin1'));
}

it('a training elsewhere', async () => {
  const folder = join(project.folder, 'handed');
  await writeHandover(recipeSchema.parse(project.recipe({ evaluate: { every: 4, metrics: ['exact-match', 'perplexity'] } })), folder);
  const run = join(folder, 'run');
  await mkdir(join(run, 'evaluations'), { recursive: true });
  await writeFile(join(run, 'evaluations', 'step-4.jsonl'), [0, 1].map((place) => `${JSON.stringify({ place, prompt: '1+2=', reference: '3', tokens: 4, loss: 2.5, divergence: 0.25, written: [5, 1] })}\n`).join(''));
  await appendFile(join(run, 'events.jsonl'), [
    { event: 'started', fromStep: 0, steps: 12, parameters: 4960, engine: { name: 'TRL', version: '1.16.0', processes: 2, device: 'CPU', with: { torch: '2.15.0' } } },
    {
      event: 'step', step: 4, loss: 1.5, divergenceOnPolicy: 1.5, divergenceOffPolicy: null, studentEntropy: 2.5, teacherEntropy: 2.2, agreement: 0.1, onPolicyShare: 1, rolloutLength: 8, rolloutEosRate: 0.5,
      reward: null, gradientNorm: 0.2, learningRate: 1e-3, lambda: 0.5, epoch: 0.1, completionTokens: 48, totalTokens: 192, tokensPerSecond: 100, rolloutMs: 1, teacherMs: 1, updateMs: 1, stepMs: 3, memory: 1e6,
    },
    { event: 'rollouts', rollouts: [{ step: 4, example: 3, prompt: '1+2=', tokens: [5, 1], divergence: [0.25, null], ended: true }] },
    { event: 'evaluation', step: 4, path: 'evaluations/step-4.jsonl' },
    { event: 'stopped', step: 4 },
  ].map((event) => `${JSON.stringify({ at: 1_700_000_000_000, ...event })}\n`).join(''));
  const adopt = async (): Promise<string> => {
    const place = trainingFolder(folder);
    if (place === null) return (await adoptRun(home, folder)).id;
    const training = await enterTraining(home, place);
    await followTraining(home, training, { waits: false });
    return training.run.id;
  };
  for (const file of ['events.jsonl', 'evaluations/step-4.jsonl', 'recipe.json']) await holds(join(run, file), adopt);
});

it('a run that the history does not know', async () => {
  const runDir = join(project.folder, 'run');
  await runJob({ recipe: parseRecipe({ ...project.recipe(), train: { steps: 4, batchSize: 2 }, evaluate: { every: 2, examples: 2 }, checkpoint: { every: 4 } }, 'test'), runDir, runId: 'known', isResumed: false, emit: () => undefined, stopRequest: () => null });
  let count = 0;
  // Another history each time: the run is not in it.
  const adopt = async (): Promise<string> => (await adoptRun(home, runDir)).id;
  const forget = async (): Promise<void> => {
    await home.close();
    home = await openHome(join(project.folder, `home-${++count}`));
  };
  for (const file of ['recipe.json', 'log.txt', 'checkpoints/step-4/state.json', 'checkpoints/step-4/told.json', 'rollouts/steps-0000001.jsonl']) await holds(join(runDir, file), adopt, forget);
  await rm(join(runDir, 'rollouts'), { recursive: true });
  await adopt();
});
