import type { Evaluation, Sample } from '../contract/events.ts';
import type { StoredEvaluation, StoredScore } from '../contract/history.ts';
import type { Queries } from './sqlite.ts';

const COLUMNS = ['examples', 'divergence', 'loss', 'divergenceLow', 'divergenceHigh', 'lossLow', 'lossHigh'] as const;

/** Stores an evaluation; one of the same step, from before a resume, gives way. */
export async function insertEvaluation(queries: Queries, run: string, evaluation: Evaluation): Promise<void> {
  const key = [run, evaluation.step];
  await queries.run('DELETE FROM evaluations WHERE run = ? AND step = ?', key);
  await queries.run(`INSERT INTO evaluations (run, step, ${COLUMNS.join(', ')}) VALUES (?, ?${', ?'.repeat(COLUMNS.length)})`,
    [...key, ...COLUMNS.map((column) => evaluation[column])]);
  await queries.batch('INSERT INTO scores (run, step, position, name, value, low, high) VALUES (?, ?, ?, ?, ?, ?, ?)',
    Object.entries(evaluation.metrics).map(([name, score], position) => [...key, position, name, score.value, score.low, score.high]));
  await queries.batch('INSERT INTO samples (run, step, position, prompt, prediction, reference, teacher) VALUES (?, ?, ?, ?, ?, ?, ?)',
    evaluation.samples.map((sample, position) => [...key, position, sample.prompt, sample.prediction, sample.reference, sample.teacher]));
}

/** All evaluations of a run, by step. */
export async function readEvaluations(queries: Pick<Queries, 'all'>, run: string): Promise<StoredEvaluation[]> {
  const rows = await queries.all<Omit<StoredEvaluation, 'metrics'>>(
    `SELECT step, ${COLUMNS.join(', ')} FROM evaluations WHERE run = ? ORDER BY step`, [run]);
  const scores = await queries.all<StoredScore & { step: number; name: string }>(
    'SELECT step, name, value, low, high FROM scores WHERE run = ? ORDER BY step, position', [run]);
  const byStep = new Map<number, StoredEvaluation>(rows.map((row) => [row.step, { ...row, metrics: {} }]));
  for (const { step, name, ...score } of scores) {
    const evaluation = byStep.get(step);
    if (evaluation) evaluation.metrics[name] = score;
  }
  return [...byStep.values()];
}

/** What the student answered at one evaluation, in the order of the examples. */
export async function readSamples(queries: Pick<Queries, 'all'>, run: string, step: number): Promise<Sample[]> {
  return queries.all<Sample>(
    'SELECT prompt, prediction, reference, teacher FROM samples WHERE run = ? AND step = ? ORDER BY position', [run, step]);
}
