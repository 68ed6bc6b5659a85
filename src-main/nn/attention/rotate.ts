import { less, where } from '../../graph/ops/elementwise.ts';
import { rotary } from '../../graph/ops/rotary.ts';
import type { Value } from '../../graph/value.ts';
import type { RopeTable } from '../rope.ts';

export interface Places {
  /** Of every token, [batch, sequence] (int64). */
  positions: Value;
  /** The longest text that positions are prepared for. */
  longest: number;
  /** How long the longest text of the batch is, one number; null where it is `longest`. */
  total: Value | null;
}

/** Queries or keys of `count` heads, rotated by their positions. */
export function rotate(x: Value, count: number, side: 'query' | 'key', rope: RopeTable | null, { positions, longest, total }: Places): Value {
  if (!rope) return x;
  const { graph } = x;
  const { switchesAt } = rope;
  const tables = rope.values(graph, longest, side);
  if (total === null || switchesAt === null || longest <= switchesAt) return rotary(x, positions, ...tables, count, rope.pairing);
  const short = rope.values(graph, longest, side, switchesAt);
  const isLong = less(switchesAt, total);
  return rotary(x, positions, where(isLong, tables[0], short[0]), where(isLong, tables[1], short[1]), count, rope.pairing);
}
