import type { Series, SeriesField, SeriesRequest } from '../contract/history.ts';
import type { Queries } from './sqlite.ts';

/** A field that is no column of its own, in SQL. */
const DERIVED: Partial<Record<SeriesField, string>> = {
  lossOnPolicy: 'CASE WHEN onPolicyShare = 1 THEN loss END', lossOffPolicy: 'CASE WHEN onPolicyShare = 0 THEN loss END',
};

/**
 * Thins a run for a chart and keeps the smallest and largest value of every stretch, so that no spike is
 * lost. A run shorter than `buckets` comes back step by step.
 */
export async function readSeries(queries: Pick<Queries, 'get' | 'all' | 'exec'>, run: string, request: SeriesRequest): Promise<Series> {
  const range = await queries.get<{ first: number | null; last: number | null }>(
    'SELECT (SELECT min(step) FROM steps WHERE run = ?1) AS first, (SELECT max(step) FROM steps WHERE run = ?1) AS last', [run]);
  const fields: Series['fields'] = {};
  for (const field of request.fields) fields[field] = { mean: [], min: [], max: [] };
  const series: Series = { firstStep: [], lastStep: [], elapsedMs: [], fields };
  if (range?.first == null || range.last == null) return series;

  const from = Math.max(request.from ?? range.first, range.first);
  const to = Math.min(request.to ?? range.last, range.last);
  const width = Math.max(1, Math.ceil((to - from + 1) / request.buckets));
  const columns = request.fields.map((field) => DERIVED[field] ?? field).map((value, index) => `avg(${value}) AS mean${index}, min(${value}) AS min${index}, max(${value}) AS max${index}`);
  await numberTable(queries, request.buckets);
  // One range of the key for each stretch, in order: grouping by a quotient of the step would sort the whole run first.
  const rows = await queries.all<Record<string, number | null> & { first: number; last: number; ms: number }>(
    `SELECT ${['min(step) AS first', 'max(step) AS last', 'total(stepMs) AS ms', ...columns].join(', ')}
     FROM numbers CROSS JOIN steps ON run = ?1 AND step BETWEEN ?2 + n * ?4 AND min(?3, ?2 + n * ?4 + ?4 - 1)
     WHERE n <= (?3 - ?2) / ?4 GROUP BY n`,
    [run, from, to, width]);
  const before = await queries.get<{ ms: number }>('SELECT total(stepMs) AS ms FROM steps WHERE run = ? AND step < ?', [run, from]);

  let elapsed = before?.ms ?? 0;
  for (const row of rows) {
    elapsed += row.ms;
    series.firstStep.push(row.first);
    series.lastStep.push(row.last);
    series.elapsedMs.push(elapsed);
    request.fields.forEach((field, index) => {
      const thinned = fields[field];
      thinned?.mean.push(row[`mean${index}`] ?? null);
      thinned?.min.push(row[`min${index}`] ?? null);
      thinned?.max.push(row[`max${index}`] ?? null);
    });
  }
  return series;
}

/**
 * Makes the temporary table `numbers` hold 0 to at least `count` - 1, in order of its key `n`. Several charts ask at once
 * on one connection, so each may find the table shorter than another has made it by then.
 */
async function numberTable(queries: Pick<Queries, 'get' | 'exec'>, count: number): Promise<void> {
  await queries.exec('CREATE TEMP TABLE IF NOT EXISTS numbers (n INTEGER PRIMARY KEY)');
  const made = (await queries.get<{ count: number }>('SELECT count(*) AS count FROM numbers'))?.count ?? 0;
  if (made >= count) return;
  await queries.exec(`INSERT OR IGNORE INTO numbers WITH RECURSIVE more (n) AS (SELECT ${made} UNION ALL SELECT n + 1 FROM more WHERE n + 1 < ${count}) SELECT n FROM more`);
}
