import { reshape } from '../../graph/ops/layout.ts';
import { shiftedFromStart } from '../../graph/ops/look-back.ts';
import { expand } from '../../graph/ops/reduce.ts';
import { staticDim } from '../../graph/shape.ts';
import type { Graph, Value } from '../../graph/value.ts';
import type { Attention, AttentionCall, LookBackCall, RecurrenceCall, SourceCall } from './attention.ts';
import { attentionCore, MASKED } from './core.ts';
import { joinHeads, splitHeads } from './heads.ts';
import { rotate } from './rotate.ts';
import { attendSource, type Source } from './source.ts';

/**
 * Causal attention over whole sequences that start at position 0 and are padded on the right: what comes later is
 * never looked at, so padding needs no mask. Differentiable; shapes are static.
 */
export class FullAttention implements Attention {
  readonly positions: Value;
  private readonly graph: Graph;
  private readonly length: number;
  private readonly source: Source | null;

  /** @param source  what the encoder has read, for models that have one */
  constructor(graph: Graph, length: number, source: Source | null = null) {
    this.graph = graph;
    this.length = length;
    this.source = source;
    this.positions = graph.constant('int32', [length], Int32Array.from({ length }, (_, at) => at));
  }

  attend({ query, key, value, heads, kvHeads, headDim, scale, softCap, window, rope, bias, sinks }: AttentionCall): Value {
    const batch = staticDim(query.shape, 0);
    const group = heads / kvHeads;
    const length = this.length;
    const places = { positions: this.graph.constant('int64', [1], BigInt64Array.of(0n)), longest: length, total: null };
    // Query heads that share a key head stand below each other, so that keys are never repeated.
    const q = reshape(splitHeads(rotate(query, heads, 'query', rope, places), heads, headDim), [batch, kvHeads, group * length, headDim]);
    if (bias && group !== 1) throw new Error('a bias by distance for heads that share keys');
    const context = attentionCore(q, splitHeads(rotate(key, kvHeads, 'key', rope, places), kvHeads, headDim), splitHeads(value, kvHeads, headDim), {
      scale, softCap, mask: this.mask(window), bias: bias && bias.square(this.graph, length),
      ...(sinks && { sinks: reshape(sinks, group > 1 ? [kvHeads, group, 1, 1] : [heads, 1, 1]) }),
      ...(group > 1 && { shape: [batch, kvHeads, group, length, length] }),
    });
    return joinHeads(reshape(context, [batch, heads, length, headDim]), heads, headDim);
  }

  lookBack({ x, reach }: LookBackCall): Value[] {
    return Array.from({ length: reach + 1 }, (_, at) => shiftedFromStart(this.graph, x, reach - at));
  }

  recur({ x, shape, advance }: RecurrenceCall): Value {
    const nothing = this.graph.constant('float32', [1, ...shape.map(() => 1)], new Float32Array(1));
    return advance(expand(nothing, [staticDim(x.shape, 0), ...shape]), null).context;
  }

  attendSource(call: SourceCall): Value {
    return attendSource(call, this.source);
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
