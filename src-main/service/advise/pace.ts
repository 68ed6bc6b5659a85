import type { BuiltRun } from '../run/build-trainer.ts';
import { evaluationsOf } from '../run/look/probe-evaluation.ts';
import type { PreparedRun } from '../run/look/prepare.ts';

/** Steps that are made to see how long one takes; the first also compiles its graphs. */
const STEPS = 3;

/** How long a run takes by a few of its steps, in milliseconds. */
export interface Pace {
  steps: number;
  stepMs: number;
  rolloutMs: number;
  teacherMs: number;
  updateMs: number;
  /** Reading the models, and what the first step takes longer. */
  startMs: number;
  /** Start, all steps and all evaluations. */
  totalMs: number;
}

/** @param evaluationMs  of one evaluation, 0 where there is none */
export async function measurePace({ steps, recipe }: PreparedRun, { trainer }: BuiltRun, readMs: number, evaluationMs: number, signal: AbortSignal): Promise<Pace> {
  const made = [];
  for (let step = 1; step <= Math.min(STEPS, steps); step++) {
    signal.throwIfAborted();
    made.push((await trainer.step(step)).metrics);
  }
  const settled = made.length > 1 ? made.slice(1) : made;
  const mean = (field: 'stepMs' | 'rolloutMs' | 'teacherMs' | 'updateMs'): number => settled.reduce((sum, metrics) => sum + metrics[field], 0) / settled.length;
  const stepMs = mean('stepMs');
  const startMs = readMs + Math.max(0, made[0]!.stepMs - stepMs);
  return {
    steps: made.length, stepMs, rolloutMs: mean('rolloutMs'), teacherMs: mean('teacherMs'), updateMs: mean('updateMs'), startMs,
    totalMs: startMs + steps * stepMs + evaluationsOf(steps, recipe.evaluate.every) * evaluationMs,
  };
}
