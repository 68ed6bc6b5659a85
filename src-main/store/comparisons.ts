import type { Answer, AnsweringFacts, ComparedModel, Comparison, ComparisonSettings, RowText } from '../contract/comparison.ts';
import { Problem, type ProblemReport } from '../contract/problem.ts';
import type { Queries, SqlValue } from './sqlite.ts';
import { TRASHED_RUNS } from './trash.ts';

export type NewComparison = Omit<Comparison, 'error' | 'rows'>;

export async function createComparison(queries: Pick<Queries, 'run'>, made: NewComparison): Promise<void> {
  await queries.run('INSERT INTO comparisons (id, created, title, run, teacher, models, settings, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    [made.id, made.created, made.title, made.run, made.teacher, JSON.stringify(made.models), JSON.stringify(made.settings), made.state]);
}

const SELECT = 'SELECT c.*, (SELECT count(*) FROM comparedRows WHERE comparison = c.id) AS rows FROM comparisons AS c';

/** All comparisons, newest first. */
export async function listComparisons(queries: Pick<Queries, 'all'>): Promise<Comparison[]> {
  return (await queries.all<Stored>(`${SELECT} WHERE run IS NULL OR run NOT IN ${TRASHED_RUNS} ORDER BY created DESC, id DESC`)).map(toComparison);
}

export async function findComparison(queries: Pick<Queries, 'get'>, id: string): Promise<Comparison> {
  const row = await queries.get<Stored>(`${SELECT} WHERE id = ?`, [id]);
  if (!row) throw new Problem('This comparison is not there any more.');
  return toComparison(row);
}

export async function setComparisonState(queries: Pick<Queries, 'run'>, id: string, state: Comparison['state'], error: ProblemReport | null = null): Promise<void> {
  await queries.run('UPDATE comparisons SET state = ?, error = ? WHERE id = ?', [state, error && JSON.stringify(error), id]);
}

/** Comparisons whose program is no more: what was answered stays. */
export async function stopComparisons(queries: Pick<Queries, 'run'>): Promise<void> {
  await queries.run("UPDATE comparisons SET state = 'stopped' WHERE state = 'going'");
}

export async function removeComparison(queries: Pick<Queries, 'run'>, id: string): Promise<void> {
  await queries.run('DELETE FROM comparisons WHERE id = ?', [id]);
}

/** Writes down what a model was, once it has answered. Call it within a transaction. */
export async function setFacts(queries: Pick<Queries, 'get' | 'run'>, id: string, model: number, facts: AnsweringFacts): Promise<void> {
  const { models } = await findComparison(queries, id);
  const changed = models.map((known, at): ComparedModel => (at === model ? { ...known, facts } : known));
  await queries.run('UPDATE comparisons SET models = ? WHERE id = ?', [JSON.stringify(changed), id]);
}

/** Adds prompts; those that are there already stay as they are. */
export async function insertRows(queries: Pick<Queries, 'batch'>, id: string, rows: readonly RowText[]): Promise<void> {
  await queries.batch('INSERT INTO comparedRows (comparison, example, prompt, reference) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    rows.map(({ example, prompt, reference }): SqlValue[] => [id, example, prompt, reference]));
}

/** Adds what a model answered to prompts that are there. Call it within a transaction. */
export async function insertAnswers(queries: Pick<Queries, 'all' | 'batch'>, id: string, model: number, answers: readonly (Answer & { example: number })[]): Promise<void> {
  const found = await queries.all<{ id: number; example: number }>(
    `SELECT id, example FROM comparedRows WHERE comparison = ? AND example IN (${answers.map(() => '?').join()})`, [id, ...answers.map(({ example }) => example)]);
  const rowOf = new Map(found.map((row) => [row.example, row.id]));
  const placed = answers.flatMap((answer) => (rowOf.has(answer.example) ? [{ ...answer, row: rowOf.get(answer.example)! }] : []));
  await queries.batch('INSERT INTO answers (row, model, text, tokens, ended) VALUES (?, ?, ?, ?, ?)',
    placed.map(({ row, text, tokens, ended }): SqlValue[] => [row, model, text, tokens, ended ? 1 : 0]));
  // SQLite has no NaN; an infinite divergence it keeps.
  await queries.batch('INSERT INTO answerScores (row, model, measure, value) VALUES (?, ?, ?, ?)',
    placed.flatMap(({ row, scores }) => Object.entries(scores).map(([measure, value]): SqlValue[] => [row, model, measure, Number.isNaN(value) ? null : value])));
}

interface Stored extends Omit<Comparison, 'models' | 'settings' | 'error'> { models: string; settings: string; error: string | null }

const toComparison = (row: Stored): Comparison => ({
  ...row, models: JSON.parse(row.models) as ComparedModel[], settings: JSON.parse(row.settings) as ComparisonSettings,
  error: row.error === null ? null : JSON.parse(row.error) as ProblemReport,
});
