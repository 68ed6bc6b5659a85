import type { Rollout } from '../contract/events.ts';
import type { RolloutQuery, StoredRollout } from '../contract/history.ts';
import type { Queries, SqlValue } from './sqlite.ts';

const ORDERS = { step: 'step', mean: 'meanDivergence', max: 'maxDivergence', length: 'length' } as const satisfies Record<RolloutQuery['order'], string>;

/** Bytes a rollout takes: eight for each token (int32 and float32), its text, and the row around it. */
function sizeOf(rollout: Rollout): number {
  return 8 * rollout.tokens.length + Buffer.byteLength(rollout.prompt) + Buffer.byteLength(rollout.completion) + 64;
}

/** @returns the bytes they take, as the budget counts them. */
export async function insertRollouts(queries: Queries, run: string, rollouts: readonly Rollout[]): Promise<number> {
  let total = 0;
  await queries.batch(
    `INSERT INTO rollouts (run, step, example, ended, length, meanDivergence, maxDivergence, bytes, prompt, completion, tokens, tokenDivergence)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    rollouts.map((rollout): SqlValue[] => {
      const bytes = sizeOf(rollout);
      total += bytes;
      // A divergence that is not a number is the worst there is, and must be found as such.
      const known = rollout.divergence.map((value) => Number.isNaN(value) ? Infinity : value);
      const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(known.length, 1);
      const max = known.reduce((largest, value) => Math.max(largest, value), 0);
      return [run, rollout.step, rollout.example, rollout.ended ? 1 : 0, rollout.tokens.length, mean, max, bytes,
        rollout.prompt, rollout.completion, toBlob(Int32Array.from(rollout.tokens)), toBlob(Float32Array.from(rollout.divergence))];
    }));
  return total;
}

/** One page of a run's rollouts, and how many there are in all. */
export async function readRollouts(
  queries: Pick<Queries, 'get' | 'all'>, run: string, query: RolloutQuery,
): Promise<{ total: number; rollouts: StoredRollout[] }> {
  const conditions: [string, SqlValue | undefined][] = [
    ['run = ?', run],
    ['step >= ?', query.fromStep],
    ['step <= ?', query.toStep],
    ['ended = ?', query.ended === undefined ? undefined : Number(query.ended)],
    ['example = ?', query.example],
    ["prompt || completion LIKE ? ESCAPE '\\'", query.search && `%${query.search.replace(/[\\%_]/g, '\\$&')}%`],
  ];
  const used = conditions.filter((entry): entry is [string, SqlValue] => entry[1] !== undefined && entry[1] !== '');
  const where = used.map(([sql]) => sql).join(' AND ');
  const values = used.map(([, value]) => value);
  const direction = query.descending ? 'DESC' : 'ASC';
  const count = await queries.get<{ total: number }>(`SELECT count(*) AS total FROM rollouts WHERE ${where}`, values);
  const rows = await queries.all<RolloutRow>(
    `SELECT * FROM rollouts WHERE ${where} ORDER BY ${ORDERS[query.order]} ${direction}, id ${direction} LIMIT ? OFFSET ?`,
    [...values, query.limit, query.offset]);
  return { total: count?.total ?? 0, rollouts: rows.map(toRollout) };
}

interface RolloutRow {
  id: number; step: number; example: number; ended: number; meanDivergence: number; maxDivergence: number;
  prompt: string; completion: string; tokens: Buffer; tokenDivergence: Buffer;
}

function toRollout(row: RolloutRow): StoredRollout {
  return {
    id: row.id, step: row.step, example: row.example, ended: row.ended === 1,
    meanDivergence: row.meanDivergence, maxDivergence: row.maxDivergence,
    prompt: row.prompt, completion: row.completion,
    tokens: Array.from(new Int32Array(copyBytes(row.tokens))),
    divergence: Array.from(new Float32Array(copyBytes(row.tokenDivergence))),
  };
}

// Every platform Retort runs on is little-endian, so the arrays are stored as they lie in memory.
const toBlob = (array: Int32Array | Float32Array): Buffer => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** A Buffer may start at any byte; the copy starts where a typed array may. */
const copyBytes = (blob: Buffer): ArrayBuffer => new Uint8Array(blob).buffer;
