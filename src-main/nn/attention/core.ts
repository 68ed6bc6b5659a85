import { withGradient } from '../../graph/custom-gradient.ts';
import { add, mul, neg, sub, tanh } from '../../graph/ops/elementwise.ts';
import { reshape } from '../../graph/ops/layout.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { reduceTo, sum } from '../../graph/ops/reduce.ts';
import { softmax, softmaxBeside } from '../../graph/ops/softmax.ts';
import type { Shape } from '../../graph/shape.ts';
import type { Value } from '../../graph/value.ts';

export interface ScoreTerms {
  scale: number;
  /** Scores become cap * tanh(score / cap) before mask and bias. */
  softCap?: number | null;
  /** Added to the scores in this shape, to which mask and bias broadcast; the scores' own shape if left out. */
  shape?: Shape;
  /** 0 where a position may look, a large negative number where it may not. */
  mask: Value | null;
  /** Learned and the same for every text: [1, heads, queries, keys]. */
  bias: Value | null;
  /** Scores that share the softmax and look at nothing, of the scores' shape with one key. */
  sinks?: Value;
}

/**
 * softmax(cap(scale q k^T) + mask + bias) v, differentiable in q, k, v and bias.
 *
 * @param q  [batch, heads, queries, width]; k and v [batch, heads, keys, width]
 * @returns  [batch, heads, queries, width]
 */
export function attentionCore(q: Value, k: Value, v: Value, { scale, softCap = null, shape, mask, bias, sinks }: ScoreTerms): Value {
  const products = matmul(q, k, { transB: true, alpha: scale });
  const bent = softCap === null ? null : tanh(mul(products, 1 / softCap));
  const capped = bent ? mul(bent, softCap!) : products;
  let scores = shape ? reshape(capped, shape) : capped;
  for (const term of [mask, bias]) if (term) scores = add(scores, term);
  const shares = sinks ? softmaxBeside(scores, sinks) : softmax(scores);
  const p = reshape(shares, products.shape);
  const context = matmul(p, v);
  // With D = rowsum(dO O), dS = P (dP - D): the row sums run over the head's width, not over the sequence
  // (FlashAttention-2, arXiv 2307.08691, section 2.3.2).
  return withGradient('attention', context, [q, k, v, ...(bias ? [bias] : []), ...(sinks ? [sinks] : [])], { scale, softCap }, (up) => {
    const rowSums = sum(mul(up, context), [-1], true);
    const dScores = mul(p, sub(matmul(up, v, { transB: true }), rowSums));
    // d cap * tanh(s / cap) / ds = 1 - tanh(s / cap)^2.
    const dProducts = bent ? mul(dScores, sub(1, mul(bent, bent))) : dScores;
    return [
      matmul(dProducts, k, { alpha: scale }),
      matmul(dProducts, q, { transA: true, alpha: scale }),
      matmul(p, up, { transA: true }),
      ...(bias ? [sum(dScores, [0], true)] : []),
      // What falls to the sinks is lost: their value is zero.
      ...(sinks ? [reduceTo(neg(mul(sub(1, sum(shares, [-1], true)), reshape(rowSums, [...scores.shape.slice(0, -1), 1]))), sinks.shape)] : []),
    ];
  });
}

/** Far enough below any score that its softmax is zero, without the NaN that infinities breed. */
export const MASKED = -1e30;
