import { causalBias } from '../../graph/ops/causal-bias.ts';
import { add, mul, sub, tanh } from '../../graph/ops/elementwise.ts';
import { lengthAlong } from '../../graph/ops/distances.ts';
import { cast, concat, dropFirst, reshape, transpose } from '../../graph/ops/layout.ts';
import { lastStates, shifted } from '../../graph/ops/look-back.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { softmax, softmaxBeside } from '../../graph/ops/softmax.ts';
import { staticDim } from '../../graph/shape.ts';
import type { Graph, Value } from '../../graph/value.ts';
import type { Attention, AttentionCall, LookBackCall, RecurrenceCall } from './attention.ts';
import { MASKED } from './core.ts';
import { rotate } from './rotate.ts';

/**
 * Attention as exported models spell it, in standard operators: past keys and values come in, those of the whole
 * text go out (`past_key_values.N.key`, `present.N.key`), padding is wherever the mask says, positions are given.
 */
export class ExportedAttention implements Attention {
  readonly positions: Value;
  readonly present: Record<string, Value> = {};
  private readonly graph: Graph;
  private readonly ids: Value;
  private readonly mask: Value;
  private readonly contextLength: number;

  /** @param ids  new tokens, [batch, sequence] */
  constructor(graph: Graph, ids: Value, contextLength: number) {
    this.graph = graph;
    this.ids = ids;
    this.contextLength = contextLength;
    this.mask = graph.input('attention_mask', 'int64', ['batch', TOTAL]);
    this.positions = graph.input('position_ids', 'int64', ['batch', 'sequence']);
  }

  /** As `past_conv.N` and `present_conv.N`, [batch, width, reach + 1]: the way transformers.js knows. */
  lookBack({ layer, x, reach }: LookBackCall): Value[] {
    const { graph } = this;
    const width = staticDim(x.shape, -1);
    const past = transpose(graph.input(`past_conv.${layer}`, 'float32', ['batch', width, reach + 1]), [0, 2, 1]);
    // Padding before a text must look like nothing.
    const states = mul(x, this.isText());
    this.present[`present_conv.${layer}`] = transpose(lastStates(states, past, null), [0, 2, 1]);
    return Array.from({ length: reach + 1 }, (_, at) => shifted(states, past, reach - at));
  }

  /** As `past_recurrent.N` and `present_recurrent.N`, [batch, ...shape]. */
  recur({ layer, shape, advance }: RecurrenceCall): Value {
    const { context, memory } = advance(this.graph.input(`past_recurrent.${layer}`, 'float32', ['batch', ...shape]), this.isText());
    this.present[`present_recurrent.${layer}`] = memory;
    return context;
  }

  /** [batch, sequence, 1]: 1 where a new token is of a text, 0 where it is padding. */
  private isText(): Value {
    const before = sub(lengthAlong(this.mask, 1).count, lengthAlong(this.ids, 1).count);
    return reshape(dropFirst(cast(this.mask, 'float32'), 1, before, 'sequence'), ['batch', 'sequence', 1]);
  }

  attendSource(): Value {
    throw new Error('a model with an encoder is exported in two parts');
  }

  attend({ layer, query, key, value, heads, kvHeads, headDim, scale, softCap, window, rope, sinks }: AttentionCall): Value {
    const { graph } = this;
    const places = { positions: this.positions, longest: this.contextLength, total: lengthAlong(this.mask, 1).count };
    const byHead = (x: Value, count: number): Value => transpose(reshape(x, ['batch', 'sequence', count, headDim]), [0, 2, 1, 3]);
    const extend = (part: 'key' | 'value', x: Value): Value => {
      const past = graph.input(`past_key_values.${layer}.${part}`, 'float32', ['batch', kvHeads, 'past', headDim]);
      const whole = concat([past, byHead(x, kvHeads)], 2);
      this.present[`present.${layer}.${part}`] = whole;
      return whole;
    };
    const keys = extend('key', rotate(key, kvHeads, 'key', rope, places));
    const values = extend('value', value);
    // Query heads that share a key head stand below each other.
    const q = reshape(byHead(rotate(query, heads, 'query', rope, places), heads), ['batch', kvHeads, 'rows', headDim]);
    const scores = reshape(matmul(q, keys, { transB: true, alpha: scale }), ['batch', heads, 'sequence', TOTAL]);
    const capped = softCap === null ? scores : mul(tanh(mul(scores, 1 / softCap)), softCap);
    const visible = add(capped, causalBias(this.ids, this.mask, window, MASKED));
    const p = sinks ? softmaxBeside(visible, reshape(sinks, [heads, 1, 1])) : softmax(visible);
    const context = matmul(reshape(p, ['batch', kvHeads, 'rows', TOTAL]), values);
    const apart = transpose(reshape(context, ['batch', heads, 'sequence', headDim]), [0, 2, 1, 3]);
    return reshape(apart, ['batch', 'sequence', heads * headDim]);
  }
}

/** The name `concat` gives to past and new positions together. */
const TOTAL = 'past + sequence';
