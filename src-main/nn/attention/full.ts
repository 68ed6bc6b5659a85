import { withGradient } from '../../graph/custom-gradient.ts';
import { add, mul, sub } from '../../graph/ops/elementwise.ts';
import { reshape, transpose } from '../../graph/ops/layout.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { sum } from '../../graph/ops/reduce.ts';
import { rotary } from '../../graph/ops/rotary.ts';
import { softmax } from '../../graph/ops/softmax.ts';
import { staticDim } from '../../graph/shape.ts';
import type { Graph, Value } from '../../graph/value.ts';
import type { Attention, AttentionCall } from './attention.ts';

/**
 * Causal attention over whole sequences that start at position 0 and are padded on the right: what comes later is
 * never looked at, so padding needs no mask. Differentiable; shapes are static.
 */
export class FullAttention implements Attention {
  readonly positions: Value;
  private readonly graph: Graph;
  private readonly length: number;

  constructor(graph: Graph, length: number) {
    this.graph = graph;
    this.length = length;
    this.positions = graph.constant('int32', [length], Int32Array.from({ length }, (_, at) => at));
  }

  attend({ query, key, value, heads, kvHeads, headDim, scale, window, rope }: AttentionCall): Value {
    const batch = staticDim(query.shape, 0);
    const group = heads / kvHeads;
    const length = this.length;
    const turn = (x: Value, count: number): Value => {
      if (!rope) return x;
      const start = this.graph.constant('int64', [1], BigInt64Array.of(0n));
      return rotary(x, start, ...rope.values(this.graph, length), count);
    };
    // Query heads that share a key head stand below each other, so that keys are never repeated.
    const q = reshape(
      transpose(reshape(turn(query, heads), [batch, length, heads, headDim]), [0, 2, 1, 3]),
      [batch, kvHeads, group * length, headDim],
    );
    const byHead = (x: Value): Value => transpose(reshape(x, [batch, length, kvHeads, headDim]), [0, 2, 1, 3]);
    const context = this.core(q, byHead(turn(key, kvHeads)), byHead(value), scale, window);
    const apart = transpose(reshape(context, [batch, heads, length, headDim]), [0, 2, 1, 3]);
    return reshape(apart, [batch, length, heads * headDim]);
  }

  /** softmax(q k^T scale + mask) v with q [b, h, g * s, d] and k, v [b, h, s, d]. */
  private core(q: Value, k: Value, v: Value, scale: number, window: number | null): Value {
    const { shape } = q;
    const length = this.length;
    const square = [...shape.slice(0, 2), staticDim(shape, 2) / length, length, length];
    const flat = [...shape.slice(0, 3), length];
    const scores = reshape(matmul(q, k, { transB: true, alpha: scale }), square);
    const p = reshape(softmax(add(scores, this.mask(window))), flat);
    const context = matmul(p, v);
    // With D = rowsum(dO O), dS = P (dP - D): the row sums run over the head's width, not over the sequence
    // (FlashAttention-2, arXiv 2307.08691, section 2.3.2).
    return withGradient('attention', context, [q, k, v], { scale, window }, (up) => {
      const rowSums = sum(mul(up, context), [-1], true);
      const dScores = mul(p, sub(matmul(up, v, { transB: true }), rowSums));
      return [
        matmul(dScores, k, { alpha: scale }),
        matmul(dScores, q, { transA: true, alpha: scale }),
        matmul(p, up, { transA: true }),
      ];
    });
  }

  /** [length, length]: 0 where a row may look, a large negative number where it may not. */
  private mask(window: number | null): Value {
    return this.graph.once(`causal mask ${this.length} ${window}`, () => {
      const mask = new Float32Array(this.length * this.length);
      for (let row = 0; row < this.length; row++) {
        for (let column = 0; column < this.length; column++) {
          const isVisible = column <= row && (window === null || column > row - window);
          if (!isVisible) mask[row * this.length + column] = MASKED;
        }
      }
      return this.graph.constant('float32', [this.length, this.length], mask);
    });
  }
}

/** Far enough below any score that its softmax is zero, without the NaN that infinities breed. */
export const MASKED = -1e30;
