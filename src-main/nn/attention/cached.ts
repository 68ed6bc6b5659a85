import { firstOf, writtenAt } from '../../graph/ops/cache-rows.ts';
import { cachedAttention } from '../../graph/ops/cached-attention.ts';
import { lengthAlong } from '../../graph/ops/distances.ts';
import { add, greaterOrEqual, sub } from '../../graph/ops/elementwise.ts';
import { cast, padLast, reshape, slice } from '../../graph/ops/layout.ts';
import { lastStates, shifted } from '../../graph/ops/look-back.ts';
import { positionMask } from '../../graph/ops/position-mask.ts';
import { dimAt, staticDim } from '../../graph/shape.ts';
import type { Graph, Value } from '../../graph/value.ts';
import type { Attention, AttentionCall, LookBackCall, RecurrenceCall, SourceCall } from './attention.ts';
import { attentionCore, MASKED } from './core.ts';
import { joinHeads, splitHeads } from './heads.ts';
import { rotate } from './rotate.ts';
import { attendSource } from './source.ts';

export const pastName = (layer: number, part: 'key' | 'value'): string => `past.${layer}.${part}`;
/** Whether it is a place for keys or values, where what is written at one position is written over at the next try. */
export const isKeysOrValues = (input: string): boolean => /^past[.][0-9]+[.](key|value)$/.test(input);
/** What a layer sees of the encoder, made once for each prompt. */
export const sourceName = (layer: number, part: 'key' | 'value'): string => `source.${layer}.${part}`;
export const presentName = (layer: number, part: 'key' | 'value'): string => `present.${layer}.${part}`;

/** The last states that a convolution has seen. */
export const pastStates = (layer: number): string => `past.${layer}.states`;
export const presentStates = (layer: number): string => `present.${layer}.states`;

/** What a layer remembers beside them. */
export const pastMemory = (layer: number): string => `past.${layer}.memory`;
export const presentMemory = (layer: number): string => `present.${layer}.memory`;

/** The output that takes the place of a layer's past; null where an input is none. */
export const presentOf = (input: string): string | null => (input.startsWith('past.') ? input.replace('past.', 'present.') : null);

/** Whether what runs a graph has ONNX Runtime's cached attention: wholly, without caps on scores as WebGPU, or not at all in float32 as CUDA. */
type Runner = 'whole' | 'uncapped' | 'none';

type SpelledOut = Pick<AttentionCall, 'heads' | 'kvHeads' | 'scale' | 'softCap' | 'window'> & { width: number; bias: Value | null; sinks: Value | null };

/**
 * Attention through a cache that grows in place, for rows of different lengths padded on the right. One graph
 * serves prompt and continuation, any batch and any capacity: those dimensions stay open.
 *
 * Inputs it adds: positions [batch, sequence] (int64), last_position [batch], total_length [1] (int32) and each
 * layer's past (keys and values, or the last states and what is remembered); `present` are the outputs. Behind an encoder also each layer's source and source_padding.
 */
export class CachedAttention implements Attention {
  readonly positions: Value;
  readonly present: Record<string, Value> = {};
  private readonly graph: Graph;
  private readonly maxLength: number;
  private readonly runner: Runner;

  /**
   * @param maxLength  the longest text, prompt and completion together, that positions are prepared for
   * @param runner     what runs the graph has of the operator: without it attention is spelled out
   */
  constructor(graph: Graph, maxLength: number, runner: Runner = 'whole') {
    this.graph = graph;
    this.maxLength = maxLength;
    this.runner = runner;
    this.positions = graph.input('positions', 'int64', ['batch', 'sequence']);
  }

  attend({ layer, query, key, value, heads, kvHeads, headDim, scale, softCap, window, rope, bias, sinks }: AttentionCall): Value {
    const { graph } = this;
    const totalLength = graph.input('total_length', 'int32', [1]);
    const places = { positions: this.positions, longest: this.maxLength, total: totalLength };
    const width = cachedWidth(headDim);
    const past = (part: 'key' | 'value'): Value => graph.input(pastName(layer, part), 'float32', ['batch', kvHeads, 'capacity', width]);
    const rotated = resizeHeads(rotate(query, heads, 'query', rope, places), heads, headDim, width);
    const fresh = { key: resizeHeads(rotate(key, kvHeads, 'key', rope, places), kvHeads, headDim, width), value: resizeHeads(value, kvHeads, headDim, width) };
    // Rows that stand at different positions would need a bias each; the completions of an encoder's prompts all start at 0.
    const between = bias && bias.between(lengthAlong(query, 1), { count: reshape(cast(totalLength, 'int64'), []), dim: 'total' });
    if (this.runner === 'none') {
      const written = (part: 'key' | 'value'): Value => this.present[presentName(layer, part)] = writtenAt(past(part), splitHeads(fresh[part], kvHeads, width), this.positions);
      const seen = (part: 'key' | 'value'): Value => firstOf(written(part), 2, totalLength, 'total');
      const context = this.spelled(rotated, seen('key'), seen('value'), { heads, kvHeads, width, scale, softCap, window, bias: between, sinks: sinks ?? null });
      return resizeHeads(context, heads, width, headDim);
    }
    const { context, presentKey, presentValue } = cachedAttention({
      query: rotated, ...fresh,
      pastKey: past('key'),
      pastValue: past('value'),
      lastPosition: graph.input('last_position', 'int32', ['batch']),
      totalLength,
      bias: between,
      sinks: sinks ?? null,
    }, { heads, kvHeads, scale, softCap, window: window ?? -1 });
    this.present[presentName(layer, 'key')] = presentKey;
    this.present[presentName(layer, 'value')] = presentValue;
    const spelled = softCap === null || this.runner === 'whole' ? context : this.spelled(rotated, presentKey, presentValue, { heads, kvHeads, width, scale, softCap, window, bias: null, sinks: null });
    return resizeHeads(spelled, heads, width, headDim);
  }

  /** The same by basic operators, over keys and values [batch, kvHeads, keys, width]. */
  private spelled(query: Value, keys: Value, values: Value, { heads, kvHeads, width, scale, softCap, window, bias, sinks }: SpelledOut): Value {
    const length = dimAt(keys.shape, 2);
    // Query heads that share a key head stand below each other.
    const apart = reshape(splitHeads(query, heads, width), ['batch', kvHeads, 'grouped', width]);
    const context = attentionCore(apart, keys, values, {
      scale, softCap, shape: ['batch', heads, 'sequence', length], bias,
      mask: positionMask(this.positions, lengthAlong(keys, 2), window, MASKED), ...(sinks && { sinks: reshape(sinks, [heads, 1, 1]) }),
    });
    return joinHeads(reshape(context, ['batch', heads, 'sequence', width]), heads, width);
  }

  lookBack({ layer, x, reach }: LookBackCall): Value[] {
    const { graph } = this;
    const before = graph.input(pastStates(layer), 'float32', ['batch', reach, staticDim(x.shape, -1)]);
    // Rows are padded on the right: what is last differs from row to row.
    const counts = add(sub(this.lastPosition(), reshape(slice(this.positions, 1, 0, 1), ['batch'])), 1);
    this.present[presentStates(layer)] = lastStates(x, before, counts);
    return Array.from({ length: reach + 1 }, (_, at) => shifted(x, before, reach - at));
  }

  recur({ layer, shape, advance }: RecurrenceCall): Value {
    const isText = cast(greaterOrEqual(reshape(this.lastPosition(), ['batch', 1]), this.positions), 'float32');
    const { context, memory } = advance(this.graph.input(pastMemory(layer), 'float32', ['batch', ...shape]), reshape(isText, ['batch', 'sequence', 1]));
    this.present[presentMemory(layer)] = memory;
    return context;
  }

  /** [batch] (int64). */
  private lastPosition(): Value {
    return cast(this.graph.input('last_position', 'int32', ['batch']), 'int64');
  }

  attendSource(call: SourceCall): Value {
    const { graph } = this;
    const read = (layer: number, part: 'key' | 'value'): Value =>
      graph.input(sourceName(layer, part), 'float32', ['batch', call.heads, 'source', call.headDim]);
    return attendSource(call, {
      padding: graph.input('source_padding', 'float32', ['batch', 1, 1, 'source']),
      keysAndValues: (layer) => ({ key: read(layer, 'key'), value: read(layer, 'value') }),
    });
  }
}

/** ONNX Runtime's cached attention wants heads in multiples of eight; zeros beside a head change no product. */
export function cachedWidth(headDim: number): number {
  return Math.ceil(headDim / 8) * 8;
}

function resizeHeads(x: Value, heads: number, from: number, to: number): Value {
  if (from === to) return x;
  const outer = x.shape.slice(0, -1);
  const apart = reshape(x, [...outer, heads, from]);
  return reshape(to > from ? padLast(apart, to) : slice(apart, -1, 0, to), [...outer, heads * to]);
}
