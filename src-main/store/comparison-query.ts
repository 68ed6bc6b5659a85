import { isLowerBetter, type Answer, type ComparedRow, type ComparisonView, type ModelSummary, type Outcome, type RowQuery } from '../contract/comparison.ts';
import { containing } from './like.ts';
import type { Queries, SqlValue } from './sqlite.ts';

/** Answers whose measures are nearer than this are equally good. */
const TIE = 1e-9;

interface Sql { sql: string; values: SqlValue[] }

/** One page of a comparison's rows with all answers, and how many rows meet the filter. */
export async function readComparedRows(queries: Pick<Queries, 'get' | 'all'>, comparison: string, { offset, limit, ...view }: RowQuery): Promise<{ total: number; rows: ComparedRow[] }> {
  const { sql, values } = rowsWhere(comparison, view);
  const count = await queries.get<{ total: number }>(`SELECT count(*) AS total FROM comparedRows AS r WHERE ${sql}`, values);
  const key = orderBy(view);
  const rows = await queries.all<Omit<ComparedRow, 'answers'>>(
    `SELECT id, example, prompt, reference FROM comparedRows AS r WHERE ${sql} ORDER BY ${key.sql} ${view.descending ? 'DESC' : 'ASC'} NULLS LAST, example LIMIT ? OFFSET ?`,
    [...values, ...key.values, limit, offset]);
  const answers = await answersTo(queries, rows.map(({ id }) => id));
  return { total: count?.total ?? 0, rows: rows.map((row) => ({ ...row, answers: answers.get(row.id) ?? [] })) };
}

/** How each of the first `models` models does over the rows that meet the filter. */
export async function summarize(queries: Pick<Queries, 'get' | 'all'>, comparison: string, view: ComparisonView, models: number): Promise<ModelSummary[]> {
  const shown = rowsWhere(comparison, view);
  const means = await queries.all<{ model: number; measure: string; mean: number }>(
    `SELECT model, measure, avg(value) AS mean FROM comparedRows AS r JOIN answerScores ON row = r.id WHERE ${shown.sql} AND value IS NOT NULL GROUP BY model, measure`, shown.values);
  // What a model has won or lost is counted whichever of these is looked at.
  const { sql, values } = rowsWhere(comparison, { ...view, filter: { ...view.filter, outcome: undefined } });
  const summaries: ModelSummary[] = [];
  for (let model = 0; model < models; model++) {
    const gain = gainOf(view, model);
    const row = await queries.get<Record<Outcome, number>>(
      `SELECT coalesce(sum(gain > ${TIE}), 0) AS win, coalesce(sum(abs(gain) <= ${TIE}), 0) AS tie, coalesce(sum(gain < -${TIE}), 0) AS loss
       FROM (SELECT ${gain.sql} AS gain FROM comparedRows AS r WHERE ${sql})`, [...gain.values, ...values]);
    summaries.push({ ...row!, means: Object.fromEntries(means.filter((of) => of.model === model).map(({ measure, mean }) => [measure, mean])) });
  }
  return summaries;
}

function orderBy(view: ComparisonView): Sql {
  const { order } = view;
  switch (order.by) {
    case 'example': return { sql: 'example', values: [] };
    case 'value': return valueOf(order.measure, order.model);
    case 'gain': return gainOf(view, order.model);
  }
}

/** A measure of one model's answer to the row `r`; NULL where there is none. */
const valueOf = (measure: string, model: number): Sql => ({
  sql: '(SELECT value FROM answerScores WHERE row = r.id AND model = ? AND measure = ?)', values: [model, measure],
});

/** How much better a model's answer to the row `r` is than the baseline's. */
function gainOf({ measure, baseline }: ComparisonView, model: number): Sql {
  const [own, base] = [valueOf(measure, model), valueOf(measure, baseline)];
  const [more, less] = isLowerBetter(measure) ? [base, own] : [own, base];
  return { sql: `(${more.sql} - ${less.sql})`, values: [...more.values, ...less.values] };
}

const OUTCOMES: Record<Outcome, (gain: string) => string> = {
  win: (gain) => `${gain} > ${TIE}`, tie: (gain) => `abs(${gain}) <= ${TIE}`, loss: (gain) => `${gain} < -${TIE}`,
};

function rowsWhere(comparison: string, view: ComparisonView): Sql {
  const { search, outcome, differs, range } = view.filter;
  const conditions: Sql[] = [{ sql: 'r.comparison = ?', values: [comparison] }];
  if (search) {
    const pattern = containing(search);
    conditions.push({
      sql: "(r.prompt || ifnull(r.reference, '') LIKE ? ESCAPE '\\' OR EXISTS (SELECT 1 FROM answers WHERE row = r.id AND text LIKE ? ESCAPE '\\'))", values: [pattern, pattern],
    });
  }
  if (outcome) {
    const { sql, values } = gainOf(view, outcome.model);
    conditions.push({ sql: OUTCOMES[outcome.is](sql), values });
  }
  if (differs !== undefined) {
    conditions.push({
      sql: '(SELECT text FROM answers WHERE row = r.id AND model = ?) <> (SELECT text FROM answers WHERE row = r.id AND model = ?)', values: [differs, view.baseline],
    });
  }
  if (range) {
    const value = valueOf(range.measure, range.model);
    if (range.from !== undefined) conditions.push({ sql: `${value.sql} >= ?`, values: [...value.values, range.from] });
    if (range.to !== undefined) conditions.push({ sql: `${value.sql} <= ?`, values: [...value.values, range.to] });
  }
  return { sql: conditions.map(({ sql }) => sql).join(' AND '), values: conditions.flatMap(({ values }) => values) };
}

async function answersTo(queries: Pick<Queries, 'all'>, rows: readonly number[]): Promise<Map<number, (Answer | null)[]>> {
  const places = rows.map(() => '?').join();
  const found = new Map<number, (Answer | null)[]>();
  for (const { row, model, ended, ...answer } of await queries.all<Omit<Answer, 'ended' | 'scores'> & { row: number; model: number; ended: number }>(
    `SELECT * FROM answers WHERE row IN (${places})`, rows)) {
    const answers = found.get(row) ?? [];
    answers[model] = { ...answer, ended: ended === 1, scores: {} };
    found.set(row, answers);
  }
  for (const { row, model, measure, value } of await queries.all<{ row: number; model: number; measure: string; value: number | null }>(
    `SELECT * FROM answerScores WHERE row IN (${places})`, rows)) {
    const answer = found.get(row)?.[model];
    if (answer) answer.scores[measure] = value;
  }
  return found;
}
