import type { StepMetrics } from '../contract/events.ts';
import { STEP_FIELDS, type StoredStep } from '../contract/history.ts';
import type { Queries, SqlValue } from './sqlite.ts';

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

/** Milliseconds a run has spent in its steps, and in which part of them. */
export interface TimeSplit { steps: number; stepMs: number; rolloutMs: number; teacherMs: number; updateMs: number }

export async function readTimeSplit(queries: Pick<Queries, 'get'>, run: string): Promise<TimeSplit> {
  const row = await queries.get<TimeSplit>(
    `SELECT count(*) AS steps, total(stepMs) AS stepMs, total(rolloutMs) AS rolloutMs, total(teacherMs) AS teacherMs, total(updateMs) AS updateMs
     FROM steps WHERE run = ?`, [run]);
  return row!;
}
