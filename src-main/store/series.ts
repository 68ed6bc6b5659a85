import type { Series, SeriesRequest } from '../contract/history.ts';
import type { Queries } from './sqlite.ts';

/**
 * Thins a run for a chart and keeps the smallest and largest value of every stretch, so that no spike is
 * lost. A run shorter than `buckets` comes back step by step.
 */
export async function readSeries(queries: Pick<Queries, 'get' | 'all'>, run: string, request: SeriesRequest): Promise<Series> {
  const range = await queries.get<{ first: number | null; last: number | null }>(
    'SELECT min(step) AS first, max(step) AS last FROM steps WHERE run = ?', [run]);
  const fields: Series['fields'] = {};
  for (const field of request.fields) fields[field] = { mean: [], min: [], max: [] };
  const series: Series = { firstStep: [], lastStep: [], elapsedMs: [], fields };
  if (range?.first == null || range.last == null) return series;

  const from = Math.max(request.from ?? range.first, range.first);
  const to = Math.min(request.to ?? range.last, range.last);
  const width = Math.max(1, Math.ceil((to - from + 1) / request.buckets));
  const columns = request.fields.map((field, index) => `avg(${field}) AS mean${index}, min(${field}) AS min${index}, max(${field}) AS max${index}`);
  const rows = await queries.all<Record<string, number | null> & { first: number; last: number; ms: number }>(
    `SELECT ${['min(step) AS first', 'max(step) AS last', 'total(stepMs) AS ms', ...columns].join(', ')}
     FROM steps WHERE run = ? AND step BETWEEN ? AND ? GROUP BY (step - ?) / ? ORDER BY first`,
    [run, from, to, from, width]);
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
