import type { Rollout } from '../contract/events.ts';
import type { RolloutQuery, StoredRollout } from '../contract/history.ts';
import { copyBytes, toBlob } from './blob.ts';
import { containing } from './like.ts';
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
    ["prompt || completion LIKE ? ESCAPE '\\'", query.search && containing(query.search)],
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

type StepRange = Pick<RolloutQuery, 'fromStep' | 'toStep'>;
const IN_RANGE = 'run = ?1 AND step >= ifnull(?2, step) AND step <= ifnull(?3, step)';

export async function countRollouts(queries: Pick<Queries, 'get'>, run: string, { fromStep, toStep }: StepRange): Promise<number> {
  const row = await queries.get<{ total: number }>(`SELECT count(*) AS total FROM rollouts WHERE ${IN_RANGE}`, [run, fromStep ?? null, toStep ?? null]);
  return row?.total ?? 0;
}

/** A page of `count` rollouts that lie evenly over all in a range of steps, oldest first. @param count  at most as many as there are */
export async function readSpreadRollouts(
  queries: Pick<Queries, 'get' | 'all'>, run: string, range: StepRange, count: number, { offset, limit }: { offset: number; limit: number },
): Promise<StoredRollout[]> {
  const total = await countRollouts(queries, run, range);
  const rows = await queries.all<RolloutRow>(
    `SELECT * FROM rollouts WHERE id IN (SELECT id FROM (
       SELECT id, row_number() OVER (ORDER BY step, id) - 1 AS place FROM rollouts WHERE ${IN_RANGE}
     ) WHERE place * ?4 / ?5 > (place - 1) * ?4 / ?5 OR place = 0) ORDER BY step, id LIMIT ?6 OFFSET ?7`,
    [run, range.fromStep ?? null, range.toStep ?? null, count, total, limit, offset]);
  return rows.map(toRollout);
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
