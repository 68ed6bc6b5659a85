import { gelu, silu } from '../../graph/ops/activation.ts';
import { add, mul, relu } from '../../graph/ops/elementwise.ts';
import { reshape, split } from '../../graph/ops/layout.ts';
import { layerNorm, rmsNorm } from '../../graph/ops/norm.ts';
import { staticDim } from '../../graph/shape.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { RopeTable } from '../rope.ts';
import type { WeightFormat } from '../weights/weight-format.ts';

/** A layer's queries, keys and values, each [batch, sequence, heads * headDim]. */
export interface Heads { query: Value; key: Value; value: Value }

/** In what one layer's attention differs from another's. */
export interface AttentionTerms {
  layer: number;
  rope: RopeTable | null;
  /** Multiplies the scores; 1 / sqrt(headDim) unless a family has its own. */
  scale?: number;
  softCap?: number | null;
  sinks?: Value;
}

/** What families of decoders are made of: each of them is these, in its own order and under its own names. */
export class Pieces {
  private readonly config: DecoderConfig;
  private readonly weights: WeightFormat;

  constructor(config: DecoderConfig, weights: WeightFormat) {
    this.config = config;
    this.weights = weights;
  }

  /** x times a matrix stored [width, inputs], and a bias where there is one. */
  linear(x: Value, name: string, width: number, hasBias = false): Value {
    const product = this.weights.multiply(x, { name: `${name}.weight`, shape: [width, staticDim(x.shape, -1)], layout: 'out-in' });
    return hasBias ? add(product, x.graph.parameter(`${name}.bias`, [width])) : product;
  }

  /** Over the whole width of x. */
  rmsNorm(x: Value, name: string): Value {
    return rmsNorm(x, x.graph.parameter(`${name}.weight`, [staticDim(x.shape, -1)]), this.config.normEpsilon);
  }

  layerNorm(x: Value, name: string): Value {
    const vector = (part: string): Value => x.graph.parameter(`${name}.${part}`, [staticDim(x.shape, -1)]);
    return layerNorm(x, vector('weight'), vector('bias'), this.config.normEpsilon);
  }

  /** A norm over each of `count` heads. @param norm  of [..., count, width of a head] */
  byHead(x: Value, count: number, norm: (heads: Value) => Value): Value {
    const apart = reshape(x, [...x.shape.slice(0, -1), count, staticDim(x.shape, -1) / count]);
    return reshape(norm(apart), x.shape);
  }

  /** A matrix each for queries, keys and values. */
  projections(x: Value, name: string, hasBias = false): Heads {
    const { heads, kvHeads, headDim } = this.config;
    const part = (letter: string, count: number): Value => this.linear(x, `${name}.${letter}_proj`, count * headDim, hasBias);
    return { query: part('q', heads), key: part('k', kvHeads), value: part('v', kvHeads) };
  }

  /** Context vectors [batch, sequence, heads * headDim]. */
  attend(attention: Attention, heads: Heads, { layer, rope, scale, softCap = null, sinks }: AttentionTerms): Value {
    const { heads: count, kvHeads, headDim, windows } = this.config;
    return attention.attend({
      ...heads, layer, rope, softCap, heads: count, kvHeads, headDim, bias: null,
      scale: scale ?? 1 / Math.sqrt(headDim),
      window: windows[layer] ?? null,
      ...(sinks && { sinks }),
    });
  }

  activate(x: Value): Value {
    switch (this.config.activation) {
      case 'silu': return silu(x);
      case 'gelu': return gelu(x, 'none');
      case 'gelu_tanh': return gelu(x, 'tanh');
      case 'relu': return relu(x);
    }
  }

  /** down(activation(gate(x)) * up(x)). */
  gatedFeedForward(x: Value, name: string, hasBias = false): Value {
    const { hiddenSize, intermediateSize } = this.config;
    const gate = this.activate(this.linear(x, `${name}.gate_proj`, intermediateSize, hasBias));
    return this.linear(mul(gate, this.linear(x, `${name}.up_proj`, intermediateSize, hasBias)), `${name}.down_proj`, hiddenSize, hasBias);
  }

  /** The same with gate and up stored as one matrix, gate first. */
  fusedFeedForward(x: Value, gateUp: string, down: string): Value {
    const { hiddenSize, intermediateSize } = this.config;
    const [gate, up] = split(this.linear(x, gateUp, 2 * intermediateSize), -1, [intermediateSize, intermediateSize]) as [Value, Value];
    return this.linear(mul(this.activate(gate), up), down, hiddenSize);
  }
}
