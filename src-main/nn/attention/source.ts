import { lengthAlong } from '../../graph/ops/distances.ts';
import { dimAt } from '../../graph/shape.ts';
import type { Value } from '../../graph/value.ts';
import type { AttentionCall, SelfAttention, SourceCall } from './attention.ts';
import { attentionCore } from './core.ts';
import { joinHeads, splitHeads } from './heads.ts';

/** What a decoder sees of its encoder. */
export interface Source {
  /** A layer's keys and values, each [batch, heads, source, headDim]. */
  keysAndValues(layer: number): { key: Value; value: Value };
  /** [batch, 1, 1, source]: 0 for tokens, a large negative number for padding. */
  padding: Value;
}

/** Attention from the decoder's positions to the encoder's: every one sees the whole prompt. */
export function attendSource({ layer, query, heads, headDim, scale }: SourceCall, source: Source | null): Value {
  if (!source) throw new Error('a decoder that looks at an encoder was given none');
  const { key, value } = source.keysAndValues(layer);
  const context = attentionCore(splitHeads(query, heads, headDim), key, value, { scale, mask: source.padding, bias: null });
  return joinHeads(context, heads, headDim);
}

/** Attention in which every position sees every other: an encoder's. Shapes may stay open. */
export class EncoderAttention implements SelfAttention {
  private readonly padding: Value;

  /** @param padding  [batch, 1, 1, source]: 0 for tokens, a large negative number for padding */
  constructor(padding: Value) {
    this.padding = padding;
  }

  attend({ query, key, value, heads, headDim, scale, bias }: AttentionCall): Value {
    const length = dimAt(query.shape, 1);
    const q = splitHeads(query, heads, headDim);
    const context = attentionCore(q, splitHeads(key, heads, headDim), splitHeads(value, heads, headDim), {
      scale, mask: this.padding,
      bias: bias && (typeof length === 'number' ? bias.square(query.graph, length) : bias.between(lengthAlong(q, 2), lengthAlong(q, 2))),
    });
    return joinHeads(context, heads, headDim);
  }
}
