import { inChunks, outOfChunks } from '../../graph/ops/chunks.ts';
import { cumulativeSum } from '../../graph/ops/cumulative-sum.ts';
import { lengthAlong } from '../../graph/ops/distances.ts';
import { add, exp, min, mul, reciprocal, sqrt, sub } from '../../graph/ops/elementwise.ts';
import { gatherRows } from '../../graph/ops/gather.ts';
import { reshape, slice, transpose } from '../../graph/ops/layout.ts';
import { scan } from '../../graph/ops/loop.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { sum } from '../../graph/ops/reduce.ts';
import { dimAt, type Dim } from '../../graph/shape.ts';
import type { Graph, Value } from '../../graph/value.ts';

/** Positions that are computed at once, a power of two. */
const CHUNK = 16;
/** Beneath the root when queries and keys are made as long as one. */
const EPSILON = 1e-6;

export interface DeltaSizes { keyHeads: number; valueHeads: number; keyDim: number; valueDim: number }

/** Of every position: queries and keys [batch, sequence, keyHeads * keyDim], values [batch, sequence, valueHeads * valueDim], the logarithm of what the memory keeps and the share of what is wrong in it that is corrected [batch, sequence, valueHeads]. */
export interface DeltaCall { query: Value; key: Value; value: Value; decay: Value; rate: Value }

/**
 * The gated delta rule (arXiv 2412.06464). A head's memory S [keyDim, valueDim] forgets, is corrected where the key
 * points, and is read by the query: S = e^decay S; S = S + rate k (v - k S); context = q S. Within a chunk all corrections
 * follow from one system of equations, whose matrix is the same whatever was remembered; only from chunk to chunk is it one
 * after the other. A position of decay 0 and rate 0 leaves the memory as it is.
 *
 * @param memory  of each head, [batch, valueHeads, keyDim, valueDim]
 * @returns contexts [batch, sequence, valueHeads * valueDim], and the memory behind the last position
 */
export function deltaRule({ query, key, value, decay, rate }: DeltaCall, memory: Value, { keyHeads, valueHeads, keyDim, valueDim }: DeltaSizes): { context: Value; memory: Value } {
  const { graph } = query;
  const group = valueHeads / keyHeads;
  const batch = dimAt(memory.shape, 0);
  // [chunks, batch, key heads, value heads of each, positions, width]
  const apart = (x: Value, shared: number, width: number): Value => {
    const chunks = inChunks(x, CHUNK);
    return transpose(reshape(chunks, [batch, dimAt(chunks.shape, 1), CHUNK, keyHeads, shared, width]), [1, 0, 3, 4, 2, 5]);
  };
  const q = mul(normed(apart(query, 1, keyDim)), 1 / Math.sqrt(keyDim));
  const k = normed(apart(key, 1, keyDim));
  const v = apart(value, group, valueDim);
  const share = apart(rate, group, 1);
  /** What is kept from the chunk's beginning to each position, as a logarithm. */
  const kept = cumulativeSum(apart(decay, group, 1), -2);
  const still = exp(kept);
  const count: Dim = dimAt(v.shape, 0);

  const earlier = transpose(kept, [0, 1, 2, 3, 5, 4]);
  // Held to zero, since above the diagonal it may be too large for a number.
  const between = mul(exp(min(sub(kept, earlier), 0)), square(graph, 'not later', (row, column) => column <= row));
  const solved = inverse(mul(mul(matmul(k, k, { transB: true }), between), share));
  const wanted = matmul(solved, mul(v, share));
  const foreseen = matmul(solved, mul(k, mul(share, still)));
  const seen = mul(matmul(q, k, { transB: true }), between);
  const asking = mul(q, still);
  const all = slice(kept, -2, CHUNK - 1, CHUNK);
  const writing = mul(k, exp(sub(all, kept)));
  const left = exp(all);

  const { state, told } = scan({ count: lengthAlong(v, 0).count, dim: count }, reshape(memory, [batch, keyHeads, group, keyDim, valueDim]), (at, before) => {
    const of = (chunks: Value): Value => gatherRows(chunks, at);
    const corrections = sub(of(wanted), matmul(of(foreseen), before));
    return {
      told: add(matmul(of(asking), before), matmul(of(seen), corrections)),
      next: add(mul(before, of(left)), matmul(of(writing), corrections, { transA: true })),
    };
  });
  const contexts = reshape(transpose(told, [1, 0, 4, 2, 3, 5]), [batch, count, CHUNK, valueHeads * valueDim]);
  return { context: outOfChunks(contexts, query), memory: reshape(state, [batch, valueHeads, keyDim, valueDim]) };
}

/** As long as one. */
function normed(x: Value): Value {
  return mul(x, reciprocal(sqrt(add(sum(mul(x, x), [-1], true), EPSILON))));
}

/**
 * The inverse of one plus what of x [..., CHUNK, CHUNK] stands below the diagonal. Of the blocks on the diagonal first, each
 * twice as large as the last: with inverses X of two neighbours and E beside them, it is X - X E X. No number grows beyond
 * those of the result, as those of a sum of powers would.
 */
function inverse(x: Value): Value {
  const { graph } = x;
  const beside = (size: number): Value => mul(x, square(graph, `beside blocks of ${size}`, (row, column) => (
    Math.floor(row / size) === Math.floor(column / size) + 1 && Math.floor(row / (2 * size)) === Math.floor(column / (2 * size)))));
  let blocks = sub(square(graph, 'one', (row, column) => row === column), beside(1));
  for (let size = 2; size < CHUNK; size *= 2) blocks = sub(blocks, matmul(matmul(blocks, beside(size)), blocks));
  return blocks;
}

/** [CHUNK, CHUNK]: 1 where it holds, else 0. */
function square(graph: Graph, name: string, holds: (row: number, column: number) => boolean): Value {
  return graph.once(`chunk: ${name}`, () => graph.constant('float32', [CHUNK, CHUNK], Float32Array.from({ length: CHUNK * CHUNK }, (_, at) => (
    holds(Math.floor(at / CHUNK), at % CHUNK) ? 1 : 0))));
}
