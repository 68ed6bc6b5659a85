import type { Bar, ComparedDivergence, Distributions, SampleFilter, SampleQuery, SampleRow, ToldFork } from '../contract/inspection.ts';
import { containing } from './like.ts';
import type { Queries, SqlValue } from './sqlite.ts';

const COLUMNS = { forward_kl: 'forwardKl', reverse_kl: 'reverseKl', jsd: 'jsd', tvd: 'tvd' } as const satisfies Record<ComparedDivergence, string>;
const ORDERS = { fork: 'worstGap', forks: 'forks', length: 'length', position: 'firstFork', example: 'example' } as const;
/** Characters of a text shown on each side of its worst fork. */
const AROUND = 160;
/** Bars of a distribution, and tokens listed, at most. */
const BARS = 24;
const TOKENS = 12;

interface Condition { sql: string; values: SqlValue[] }

/** One page of an inspection's samples, and how many there are in all. */
export async function readSampleRows(queries: Pick<Queries, 'get' | 'all'>, inspection: string, query: SampleQuery): Promise<{ total: number; samples: SampleRow[] }> {
  const { sql, values } = samplesWhere(inspection, query.filter);
  const column = query.order === 'divergence' ? COLUMNS[query.divergence] : ORDERS[query.order];
  const direction = query.descending ? 'DESC' : 'ASC';
  const count = await queries.get<{ total: number }>(`SELECT count(*) AS total FROM inspectedSamples AS s WHERE ${sql}`, values);
  const rows = await queries.all<Row>(
    `SELECT id, example, step, prompt, completion, length, ended, ${COLUMNS[query.divergence]} AS divergence, forks, worstGap
     FROM inspectedSamples AS s WHERE ${sql} ORDER BY ${column} ${direction} NULLS LAST, id LIMIT ? OFFSET ?`, [...values, query.limit, query.offset]);
  const worst = await worstForks(queries, rows.map(({ id }) => id));
  return {
    total: count?.total ?? 0,
    samples: rows.map(({ worstGap: _, ended, ...row }) => ({ ...row, ended: ended === 1, worstFork: worst.get(row.id) ?? null })),
  };
}

/** Where a sample stands in a list, from 0; null where the list does not have it. */
export async function placeOfSample(queries: Pick<Queries, 'get'>, inspection: string, query: Omit<SampleQuery, 'offset' | 'limit'>, id: number): Promise<number | null> {
  const { sql, values } = samplesWhere(inspection, query.filter);
  const column = query.order === 'divergence' ? COLUMNS[query.divergence] : ORDERS[query.order];
  const row = await queries.get<{ place: number }>(
    `SELECT place FROM (SELECT id, row_number() OVER (ORDER BY ${column} ${query.descending ? 'DESC' : 'ASC'} NULLS LAST, id) - 1 AS place
     FROM inspectedSamples AS s WHERE ${sql}) WHERE id = ?`, [...values, id]);
  return row?.place ?? null;
}

/** Counts over everything that meets the filter, done by SQLite. */
export async function readDistributions(queries: Pick<Queries, 'all' | 'get'>, inspection: string, filter: SampleFilter): Promise<Distributions> {
  const forks = (without: keyof SampleFilter): Condition => forksWhere(inspection, { ...filter, [without]: undefined });
  const byKind = forks('kind');
  const tokens = (column: 'text' | 'wanted', { sql, values }: Condition): Promise<Distributions['tokens']> => queries.all(
    `SELECT f.${column} AS text, count(*) AS count, avg(f.gap) AS gap FROM forks AS f WHERE ${sql} GROUP BY f.${column} ORDER BY count DESC, gap DESC LIMIT ${TOKENS}`, values);
  const position = forks('position');
  const length = samplesWhere(inspection, { ...filter, length: undefined });
  return {
    kinds: await queries.all(`SELECT f.kind AS kind, count(*) AS count FROM forks AS f WHERE ${byKind.sql} GROUP BY f.kind ORDER BY count DESC, kind`, byKind.values),
    tokens: await tokens('text', forks('token')),
    wanted: await tokens('wanted', forks('wanted')),
    positions: await bars(queries, `SELECT f.position AS value FROM forks AS f WHERE ${position.sql}`, position.values),
    lengths: await bars(queries, `SELECT s.length AS value FROM inspectedSamples AS s WHERE ${length.sql}`, length.values),
  };
}

/** Counts in at most `BARS` equally wide ranges of whole numbers from 0 on. */
async function bars(queries: Pick<Queries, 'all' | 'get'>, sql: string, values: readonly SqlValue[]): Promise<Bar[]> {
  const largest = (await queries.get<{ largest: number | null }>(`SELECT max(value) AS largest FROM (${sql})`, values))?.largest ?? null;
  if (largest === null) return [];
  const width = Math.ceil((largest + 1) / BARS);
  const counts = await queries.all<{ bar: number; count: number }>(`SELECT value / ? AS bar, count(*) AS count FROM (${sql}) GROUP BY bar`, [width, ...values]);
  const byBar = new Map(counts.map(({ bar, count }) => [bar, count]));
  return Array.from({ length: Math.floor(largest / width) + 1 }, (_, bar) => ({ from: bar * width, to: (bar + 1) * width - 1, count: byBar.get(bar) ?? 0 }));
}

function samplesWhere(inspection: string, filter: SampleFilter): Condition {
  const own = sampleConditions(filter);
  const ofFork = forkConditions(filter);
  const exists: Condition[] = ofFork.length === 0 ? [] : [{
    sql: `EXISTS (SELECT 1 FROM forks AS f WHERE f.sample = s.id AND ${ofFork.map(({ sql }) => sql).join(' AND ')})`, values: ofFork.flatMap(({ values }) => values),
  }];
  return together([{ sql: 's.inspection = ?', values: [inspection] }, ...own, ...exists]);
}

function forksWhere(inspection: string, filter: SampleFilter): Condition {
  const own = sampleConditions(filter);
  const inSample: Condition[] = own.length === 0 ? [] : [{
    sql: `f.sample IN (SELECT id FROM inspectedSamples AS s WHERE s.inspection = ? AND ${own.map(({ sql }) => sql).join(' AND ')})`,
    values: [inspection, ...own.flatMap(({ values }) => values)],
  }];
  return together([{ sql: 'f.inspection = ?', values: [inspection] }, ...forkConditions(filter), ...inSample]);
}

function sampleConditions({ length, search }: SampleFilter): Condition[] {
  return [
    ...(length ? [{ sql: 's.length BETWEEN ? AND ?', values: [...length] }] : []),
    ...(search ? [{ sql: "s.prompt || s.completion LIKE ? ESCAPE '\\'", values: [containing(search)] }] : []),
  ];
}

function forkConditions({ kind, token, wanted, position }: SampleFilter): Condition[] {
  const equal = (column: string, value: string | undefined): Condition[] => (value === undefined ? [] : [{ sql: `f.${column} = ?`, values: [value] }]);
  return [
    ...equal('kind', kind), ...equal('text', token), ...equal('wanted', wanted),
    ...(position ? [{ sql: 'f.position BETWEEN ? AND ?', values: [...position] }] : []),
  ];
}

const together = (conditions: readonly Condition[]): Condition => ({
  sql: conditions.map(({ sql }) => sql).join(' AND '), values: conditions.flatMap(({ values }) => values),
});

/** The worst fork of each of these samples; SQLite takes the other columns from the row of the largest gap. */
async function worstForks(queries: Pick<Queries, 'all'>, samples: readonly number[]): Promise<Map<number, NonNullable<SampleRow['worstFork']>>> {
  const rows = await queries.all<Omit<ToldFork, 'continuation'> & { sample: number; texts: string }>(
    `SELECT sample, position, kind, gap, text, wanted, texts FROM
       (SELECT sample, position, kind, max(gap) AS gap, text, wanted FROM forks WHERE sample IN (${samples.map(() => '?').join()}) GROUP BY sample)
     JOIN inspectedTokens USING (sample)`, samples);
  return new Map(rows.map(({ sample, texts, ...fork }) => {
    const tokens = JSON.parse(texts) as string[];
    return [sample, { ...fork, before: tokens.slice(0, fork.position).join('').slice(-AROUND), after: tokens.slice(fork.position + 1).join('').slice(0, AROUND) }];
  }));
}

interface Row extends Omit<SampleRow, 'worstFork' | 'ended'> { ended: number; worstGap: number | null }
