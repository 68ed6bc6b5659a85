import type { Queries } from './sqlite.ts';

/** Bytes of rollouts kept of one run: about 50,000 completions of 64 tokens with their prompts. */
export const ROLLOUT_BUDGET = 64 * 2 ** 20;

/** Shares of what is left after trimming: the worst by mean divergence, and the newest; the rest is spread over time. */
const WORST = 0.25;
const NEWEST = 0.25;
/** What is left of the budget, so that trimming is rare. */
const LEFT = 0.75;

/** The bytes a run's rollouts take. */
export async function rolloutBytes(queries: Pick<Queries, 'get'>, run: string): Promise<number> {
  const row = await queries.get<{ bytes: number }>('SELECT total(bytes) AS bytes FROM rollouts WHERE run = ?', [run]);
  return row?.bytes ?? 0;
}

/**
 * Brings a run's rollouts back under the budget: the worst stay, the newest steps stay, and of the older
 * steps some are dropped so that the others lie evenly over the training time.
 * @returns the bytes that are left.
 */
export async function trimRollouts(queries: Queries, run: string, budget: number = ROLLOUT_BUDGET): Promise<number> {
  const target = budget * LEFT;
  await queries.exec('CREATE TEMP TABLE IF NOT EXISTS worst (id INTEGER PRIMARY KEY); DELETE FROM temp.worst');
  await queries.run(
    `INSERT INTO temp.worst SELECT id FROM (
       SELECT id, sum(bytes) OVER (ORDER BY meanDivergence DESC, id ROWS UNBOUNDED PRECEDING) AS sum FROM rollouts WHERE run = ?
     ) WHERE sum <= ?`, [run, target * WORST]);
  const steps = await queries.all<StepBytes>(
    `SELECT step, sum(bytes) AS bytes FROM rollouts WHERE run = ? AND id NOT IN (SELECT id FROM temp.worst) GROUP BY step ORDER BY step`, [run]);
  const dropped = stepsToDrop(steps, target * (1 - WORST), target * NEWEST);
  await queries.batch('DELETE FROM rollouts WHERE run = ? AND step = ? AND id NOT IN (SELECT id FROM temp.worst)',
    dropped.map((step) => [run, step]));
  return rolloutBytes(queries, run);
}

export interface StepBytes { step: number; bytes: number }

/**
 * Which steps' rollouts to drop so that the others take at most `bytes` (the newest step always stays).
 * The newest steps are kept while they fit into `newest`; the older ones are thinned to one for each of
 * equally long stretches of training, in as many stretches as fit.
 * @param steps in ascending order of `step`.
 */
export function stepsToDrop(steps: readonly StepBytes[], bytes: number, newest: number): number[] {
  let boundary = steps.length;
  let recent = 0;
  while (boundary > 0) {
    const size = steps[boundary - 1]?.bytes ?? 0;
    if (boundary < steps.length && recent + size > newest) break;
    recent += size;
    boundary -= 1;
  }
  const older = steps.slice(0, boundary);
  let kept: readonly StepBytes[] = older;
  let stretches = older.length;
  while (kept.length > 0 && kept.reduce((sum, step) => sum + step.bytes, 0) > bytes - recent) {
    stretches = Math.floor(stretches * 0.9);
    kept = onePerStretch(older, stretches);
  }
  const keep = new Set(kept);
  return older.filter((step) => !keep.has(step)).map((step) => step.step);
}

/** The first of each of `count` equally long stretches from the first step to the last. */
function onePerStretch(steps: readonly StepBytes[], count: number): StepBytes[] {
  const first = steps[0]?.step ?? 0;
  const length = ((steps.at(-1)?.step ?? 0) - first + 1) / Math.max(count, 1);
  const chosen = new Map<number, StepBytes>();
  if (count > 0) {
    for (const step of steps) {
      const stretch = Math.floor((step.step - first) / length);
      if (!chosen.has(stretch)) chosen.set(stretch, step);
    }
  }
  return [...chosen.values()];
}
