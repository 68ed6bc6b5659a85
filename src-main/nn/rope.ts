import type { Graph, Value } from '../graph/value.ts';
import { attentionFactor } from './attention-factor.ts';
import type { Rope, RopeScaling } from './rope-config.ts';

/** How the pairs that are rotated together lie in a head: half a rotation's width apart, or as neighbours. */
export type Pairing = 'halves' | 'neighbours';

export interface RopeOptions {
  pairing?: Pairing;
  /** What queries at a position are multiplied by besides (Ministral 3). */
  queryScale?: (position: number) => number;
}

/** Cosines and sines of the rotary embedding's angles. */
export class RopeTable {
  readonly pairing: Pairing;
  private readonly rope: Rope;
  private readonly contextLength: number;
  private readonly queryScale: ((position: number) => number) | null;
  /** Scales both tables: YaRN and LongRoPE sharpen attention this way. */
  private readonly attentionFactor: number;

  constructor(rope: Rope, contextLength: number, { pairing = 'halves', queryScale }: RopeOptions = {}) {
    this.rope = rope;
    this.contextLength = contextLength;
    this.pairing = pairing;
    this.queryScale = queryScale ?? null;
    this.attentionFactor = attentionFactor(rope.scaling, contextLength);
  }

  /** The length beyond which a text is rotated by other frequencies altogether; null where there is no such length. */
  get switchesAt(): number | null {
    return this.rope.scaling?.type === 'longrope' ? this.rope.scaling.originalContext : null;
  }

  /**
   * Constants [length, width / 2] for positions 0 up to `length`, for queries or for keys.
   * @param text  how long the text is, where frequencies depend on it
   */
  values(graph: Graph, length: number, side: 'query' | 'key', text = length): [cos: Value, sin: Value] {
    const scale = side === 'query' ? this.queryScale : null;
    const key = `${JSON.stringify(this.rope)} ${scale ? 'scaled ' : ''}${length} of ${text}`;
    const table = (name: string, turn: (angle: number) => number): Value => graph.once(`rope ${name} ${key}`, () =>
      graph.constant('float32', [length, this.rope.width / 2], this.table(length, text, turn, scale)));
    return [table('cos', Math.cos), table('sin', Math.sin)];
  }

  private table(length: number, text: number, turn: (angle: number) => number, scale: ((position: number) => number) | null): Float32Array {
    const frequencies = scaledFrequencies(this.rope, this.contextLength, text);
    const width = this.rope.width / 2;
    const table = new Float32Array(length * width);
    for (let position = 0; position < length; position++) {
      const factor = this.attentionFactor * (scale?.(position) ?? 1);
      for (let at = 0; at < width; at++) {
        // The angle is rounded to float32 as Transformers computes it.
        table[position * width + at] = turn(Math.fround(position * frequencies[at]!)) * factor;
      }
    }
    return table;
  }
}

/** Inverse frequencies [width / 2] under a scaling, for a text of `length` tokens. */
function scaledFrequencies({ theta, scaling, width }: Rope, context: number, length: number): Float32Array {
  const plain = (base: number): Float32Array =>
    Float32Array.from({ length: width / 2 }, (_, at) => 1 / Math.fround(base ** Math.fround((2 * at) / width)));
  if (!scaling) return plain(theta);
  switch (scaling.type) {
    case 'linear':
      return plain(theta).map((frequency) => frequency / scaling.factor);
    case 'dynamic': {
      // NTK by length: the base grows once the text is longer than the model was trained for.
      const stretch = (scaling.factor * Math.max(length, context)) / context - (scaling.factor - 1);
      return plain(theta * stretch ** (width / (width - 2)));
    }
    case 'llama3': return llama3(plain(theta), scaling);
    case 'yarn': return yarn(plain(theta), theta, width, scaling);
    case 'longrope': {
      const factors = length > scaling.originalContext ? scaling.longFactor : scaling.shortFactor;
      return plain(theta).map((frequency, at) => frequency / factors[at]!);
    }
  }
}

/** Llama 3.1: low frequencies are slowed by the factor, high ones kept, those between blended. */
function llama3(frequencies: Float32Array, scaling: Extract<RopeScaling, { type: 'llama3' }>): Float32Array {
  const { factor, lowFreqFactor, highFreqFactor, originalContext } = scaling;
  return frequencies.map((frequency) => {
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength > originalContext / lowFreqFactor) return frequency / factor;
    if (wavelength < originalContext / highFreqFactor) return frequency;
    const smooth = (originalContext / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

/** YaRN (arXiv 2309.00071): interpolation below, extrapolation above, a linear ramp between. */
function yarn(frequencies: Float32Array, theta: number, width: number, scaling: Extract<RopeScaling, { type: 'yarn' }>): Float32Array {
  const { factor, originalContext, betaFast, betaSlow, truncate } = scaling;
  const dimensionOf = (rotations: number): number =>
    (width * Math.log(originalContext / (rotations * 2 * Math.PI))) / (2 * Math.log(theta));
  const [from, to] = [dimensionOf(betaFast), dimensionOf(betaSlow)];
  const low = Math.max(truncate ? Math.floor(from) : from, 0);
  const high = Math.min(truncate ? Math.ceil(to) : to, width - 1);
  const range = high === low ? 0.001 : high - low;
  return frequencies.map((frequency, at) => {
    const ramp = Math.min(Math.max((at - low) / range, 0), 1);
    return (frequency / factor) * ramp + frequency * (1 - ramp);
  });
}
