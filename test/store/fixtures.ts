import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Evaluation, Rollout, StepMetrics } from '../../src-main/contract/events.ts';
import { recipeSchema, type Recipe } from '../../src-main/contract/recipe.ts';
import { openHistory } from '../../src-main/store/open-history.ts';
import { createRun } from '../../src-main/store/runs.ts';
import type { Database } from '../../src-main/store/sqlite.ts';

export const recipe: Recipe = recipeSchema.parse({
  name: 'subjects', teacher: { model: '/models/teacher' }, student: { model: '/models/student' },
  data: { train: '/data/train.jsonl', prompt: '{{q}}', completion: ' {{a}}' }, train: { steps: 500 },
});

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'retort-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A fresh history that holds one run, `a`. */
export async function historyWithRun(): Promise<Database> {
  const database = await openHistory(join(await temporaryFolder(), 'home', 'retort.sqlite'));
  onTestFinished(() => database.close().catch(() => undefined));
  await createRun(database, { id: 'a', name: 'subjects', recipe, runDir: '/runs/a' }, 1000);
  return database;
}

export function stepMetrics(step: number, changes: Partial<StepMetrics> = {}): StepMetrics {
  return {
    step, loss: 1 / step, divergenceOnPolicy: step % 2 ? 0.5 : null, divergenceOffPolicy: 0.25, studentEntropy: 2,
    teacherEntropy: null, agreement: 0.75, onPolicyShare: 0.5, rolloutLength: 12, rolloutEosRate: 1, gradientNorm: 3,
    learningRate: 3e-4, lambda: 0.5, epoch: step / 100, completionTokens: 640, totalTokens: 640 * step,
    tokensPerSecond: 1234.5, rolloutMs: 3, teacherMs: 4, updateMs: 5, stepMs: 12, memory: 2 ** 33, reward: null, teacherCovered: null, deviceMemory: null, skipped: null, lossScale: null, teacherCompared: null, ...changes,
  };
}

export function evaluation(step: number, changes: Partial<Evaluation> = {}): Evaluation {
  return {
    step, examples: 100, divergence: 0.3, loss: 1.5, divergenceLow: 0.2, divergenceHigh: 0.4, lossLow: 1.4, lossHigh: null,
    metrics: { rouge2: { value: 0.2, low: 0.1, high: 0.3 }, accuracy: { value: 0.5, low: null, high: null } },
    samples: [{ prompt: 'p', prediction: 'x', reference: 'y', teacher: 't' }, { prompt: 'q', prediction: 'z', reference: null, teacher: null }],
    ...changes,
  };
}

export function rollout(step: number, changes: Partial<Rollout> = {}): Rollout {
  return {
    step, example: step * 2, prompt: `prompt ${step}`, completion: ' äöü 100%_', tokens: [1, 70000, 2 ** 31 - 1],
    divergence: [0.5, 0.25, 1.5], ended: true, ...changes,
  };
}
