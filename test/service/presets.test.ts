import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunEvent } from '../../src-main/contract/events.ts';
import { PRESETS } from '../../src-main/contract/presets.ts';
import { recipeSchema, type RecipeInput } from '../../src-main/contract/recipe.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let folder: string;
beforeAll(async () => {
  project = await tinyProject();
  folder = await mkdtemp(join(tmpdir(), 'retort-presets-'));
});
afterAll(async () => {
  await project.remove();
  await rm(folder, { recursive: true });
});

async function run(name: string, changes: Partial<RecipeInput>, { isResumed = false, stopAfter = Infinity } = {}): Promise<RunEvent[]> {
  const { teacher, ...untaught } = project.recipe();
  const isTaught = changes.method?.preset !== 'sft';
  const recipe = recipeSchema.parse({ ...untaught, ...(isTaught && { teacher }), train: { steps: 6, batchSize: 6, learningRate: 1e-3 }, evaluate: { metrics: ['accuracy'], examples: 4 }, ...changes });
  const events: RunEvent[] = [];
  let steps = 0;
  await runJob({
    recipe, isResumed, runId: name, runDir: join(folder, name), emit: (event) => events.push(event),
    stopRequest: () => (++steps >= stopAfter ? 'save' : null),
  });
  return events;
}

const steps = (events: RunEvent[]) => events.flatMap((event) => (event.event === 'step' ? [event] : []));

const rewarded = { preset: 'rl-gkd' as const, reward: { kind: 'regex' as const, pattern: '7' } };

it.each(PRESETS)('%s runs from its recipe to its last checkpoint, as the paper names it', async (preset) => {
  const events = await run(preset, { method: preset === 'rl-gkd' ? rewarded : { preset } });
  const told = steps(events);
  expect(told).toHaveLength(6);
  for (const { loss, gradientNorm } of told) expect(Number.isFinite(loss) && gradientNorm > 0).toBe(true);
  const shares = new Set(told.map(({ onPolicyShare }) => onPolicyShare));
  if (['sft', 'supervised-kd', 'seqkd'].includes(preset)) expect([...shares]).toEqual([0]);
  if (['on-policy-kd', 'self-distill', 'distillspec', 'minillm', 'rl-gkd'].includes(preset)) expect([...shares]).toEqual([1]);
  for (const { reward } of told) expect(reward === null).toBe(preset !== 'rl-gkd');
  expect(events.at(-1)).toMatchObject({ event: 'done', step: 6 });
  const evaluations = events.filter(({ event }) => event === 'evaluation');
  expect(evaluations).toMatchObject([{ step: 0, examples: 4 }, { step: 6, examples: 4 }]);
});

it('seqkd: the teacher writes once, before training, and a resumed run reads what it wrote', async () => {
  const recipe = { method: { preset: 'seqkd' as const } };
  const before = await run('seqkd-resumed', recipe, { stopAfter: 2 });
  expect(before.some((event) => event.event === 'phase' && event.phase === 'teacher-data')).toBe(true);
  const path = join(folder, 'seqkd-resumed', 'teacher-data.jsonl');
  const written = await readFile(path, 'utf8');
  expect(written.trim().split('\n')).toHaveLength(40);
  const { mtimeMs } = await stat(path);
  const after = await run('seqkd-resumed', recipe, { isResumed: true });
  expect((await stat(path)).mtimeMs).toBe(mtimeMs);
  const whole = steps(await run('seqkd-whole', recipe));
  expect([...steps(before), ...steps(after)].map(({ loss }) => loss)).toEqual(whole.map(({ loss }) => loss));
});

it('an evaluation may sample, and the same seed samples the same', async () => {
  const evaluate = { metrics: ['accuracy'], examples: 6, decode: { strategy: 'sample' as const, temperature: 1 } };
  const texts = async (name: string, seed: number): Promise<unknown> => {
    const [first] = (await run(name, { seed, evaluate, train: { steps: 1, batchSize: 2 } })).flatMap((event) => (event.event === 'evaluation' ? [event.samples] : []));
    return first;
  };
  expect(await texts('sample-a', 1)).toEqual(await texts('sample-b', 1));
  expect(await texts('sample-c', 2)).not.toEqual(await texts('sample-a2', 1));
});

it.each([['rl-gkd', rewarded], ['minillm', { preset: 'minillm' as const }]])('%s resumes as if it had not stopped', async (name, method) => {
  const before = await run(`${name}-cut`, { method }, { stopAfter: 3 });
  const after = await run(`${name}-cut`, { method }, { isResumed: true });
  const whole = await run(`${name}-whole`, { method });
  const measured = (events: RunEvent[]) => steps(events).map(({ step, loss, gradientNorm, reward }) => ({ step, loss, gradientNorm, reward }));
  expect([...measured(before), ...measured(after)]).toEqual(measured(whole));
  const [cut, uncut] = await Promise.all(['cut', 'whole'].map((which) => readFile(join(folder, `${name}-${which}`, 'checkpoints', 'step-6', 'model', 'model.safetensors'))));
  expect(cut!.equals(uncut!)).toBe(true);
});

it('rl-gkd without divergence learns to earn its reward, from one text a prompt or several', async () => {
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  for (const samplesPerPrompt of [1, 4]) {
    const events = await run(`reward-${samplesPerPrompt}`, {
      method: { ...rewarded, alpha: 0, samplesPerPrompt }, train: { steps: 40, batchSize: 16, learningRate: 1e-2 }, evaluate: {},
    });
    const rewards = steps(events).map(({ reward }) => reward!);
    expect(mean(rewards.slice(-5))).toBeGreaterThan(mean(rewards.slice(0, 5)) + 0.3);
    // Eq. 5, turned round: with alpha 0 nothing but the reward.
    steps(events).forEach(({ loss, reward }) => { expect(loss).toBeCloseTo(-reward!, 6); });
    expect(steps(events).at(-1)!.epoch).toBeCloseTo((40 * 16) / samplesPerPrompt / 40, 9);
  }
});

it('says what a method does not allow, and what it needs', async () => {
  await expect(run('a', { method: { preset: 'gkd', alpha: 0.5 } })).rejects.toThrow('method.alpha is 0.5, but the preset "gkd" means 1.');
  await expect(run('b', { method: { ...rewarded, preset: 'gkd' } })).rejects.toThrow('the preset "gkd" means nothing.');
  await expect(run('c', { method: { preset: 'f-distill', divergence: 'forward_kl' } })).rejects.toThrow('means "tvd" or "jsd"');
  await expect(run('d', { method: { preset: 'rl-gkd' } })).rejects.toThrow('method.reward is missing');
  await expect(run('e', { method: { ...rewarded, samplesPerPrompt: 4 } })).rejects.toThrow('does not divide train.batchSize, 6');
});
