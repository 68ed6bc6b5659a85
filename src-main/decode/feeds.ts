import { int32, type Tensor } from '../runtime/tensor.ts';

/** New tokens of a row, at least one, and how many its cache holds before them. */
export interface Fed { start: number; tokens: ArrayLike<number> }

/**
 * The new tokens of every row as inputs of a decode graph, padded on the right; padding is never looked at.
 * @param told  of how many tokens of each row, its last, something is asked
 */
export function feedsOf(rows: readonly Fed[], told = 1): Record<string, Tensor> {
  const count = rows.length;
  const longest = Math.max(...rows.map(({ tokens }) => tokens.length));
  const ids = new Int32Array(count * longest);
  const positions = new BigInt64Array(count * longest);
  rows.forEach(({ start, tokens }, row) => {
    ids.set(tokens, row * longest);
    for (let at = 0; at < longest; at++) positions[row * longest + at] = BigInt(start + at);
  });
  const asked = rows.flatMap(({ tokens }, row) => Array.from({ length: told }, (_, at) => row * longest + tokens.length - told + at));
  return {
    ids: int32(ids, [count, longest]),
    positions: { dtype: 'int64', shape: [count, longest], data: positions },
    told_rows: int32(Int32Array.from(asked), [asked.length]),
    last_position: int32(Int32Array.from(rows, ({ start, tokens }) => start + tokens.length - 1), [count]),
    total_length: int32(Int32Array.of(Math.max(...rows.map(({ start, tokens }) => start + tokens.length))), [1]),
  };
}
