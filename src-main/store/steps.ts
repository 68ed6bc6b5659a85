import type { StepMetrics } from '../contract/events.ts';
import type { Queries, SqlValue } from './sqlite.ts';

/** A step as it is read back. SQLite keeps no NaN: what was not a number is null. */
export type StoredStep = { [Field in keyof StepMetrics]: Field extends 'step' ? number : number | null };
export type StepField = Exclude<keyof StepMetrics, 'step'>;

/** Every measured field, in the order of the columns. */
export const STEP_FIELDS = Object.keys({
  loss: true, divergenceOnPolicy: true, divergenceOffPolicy: true, studentEntropy: true, teacherEntropy: true,
  agreement: true, onPolicyShare: true, rolloutLength: true, rolloutEosRate: true, gradientNorm: true,
  learningRate: true, lambda: true, epoch: true, completionTokens: true, totalTokens: true, tokensPerSecond: true,
  rolloutMs: true, teacherMs: true, updateMs: true, stepMs: true, memory: true,
} satisfies Record<StepField, true>) as StepField[];

const COLUMNS = ['step', ...STEP_FIELDS] as const;
const INSERT = `INSERT OR REPLACE INTO steps (run, ${COLUMNS.join(', ')}) VALUES (?${', ?'.repeat(COLUMNS.length)})`;

export async function insertSteps(queries: Queries, run: string, steps: readonly StepMetrics[]): Promise<void> {
  if (steps.length === 0) return;
  await queries.batch(INSERT, steps.map((step): SqlValue[] => [run, ...COLUMNS.map((column) => step[column])]));
}

/** The steps after `after` in order, at most `limit`: what a page that lost its connection is missing. */
export async function readSteps(
  queries: Pick<Queries, 'all'>, run: string, options: { after: number; limit: number },
): Promise<StoredStep[]> {
  return queries.all<StoredStep>(
    `SELECT ${COLUMNS.join(', ')} FROM steps WHERE run = ? AND step > ? ORDER BY step LIMIT ?`,
    [run, options.after, options.limit]);
}
