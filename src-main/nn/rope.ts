import type { Graph, Value } from '../graph/value.ts';
import type { LlamaConfig, RopeScaling } from './config.ts';

/** Cosines and sines of the rotary embedding's angles. */
export class RopeTable {
  private readonly frequencies: (length: number) => Float32Array;
  /** Scales both tables: YaRN and LongRoPE sharpen attention this way. */
  private readonly attentionFactor: number;
  private readonly width: number;

  constructor(config: Pick<LlamaConfig, 'rope' | 'headDim' | 'contextLength'>) {
    const { theta, scaling } = config.rope;
    this.width = config.headDim / 2;
    this.frequencies = (length) => scaledFrequencies(theta, config.headDim, scaling, config.contextLength, length);
    this.attentionFactor = attentionFactor(scaling, config.contextLength);
  }

  /** Constants [length, headDim / 2] for positions 0 up to `length`. */
  values(graph: Graph, length: number): [cos: Value, sin: Value] {
    const table = (name: string, turn: (angle: number) => number): Value => graph.once(`rope ${name} ${length}`, () =>
      graph.constant('float32', [length, this.width], this.table(length, turn)));
    return [table('cos', Math.cos), table('sin', Math.sin)];
  }

  private table(length: number, turn: (angle: number) => number): Float32Array {
    const frequencies = this.frequencies(length);
    const table = new Float32Array(length * this.width);
    for (let position = 0; position < length; position++) {
      for (let at = 0; at < this.width; at++) {
        // The angle is rounded to float32 as Transformers computes it.
        table[position * this.width + at] = turn(Math.fround(position * frequencies[at]!)) * this.attentionFactor;
      }
    }
    return table;
  }
}

/** Inverse frequencies [headDim / 2] under a scaling, for a text of `length` tokens. */
function scaledFrequencies(theta: number, headDim: number, scaling: RopeScaling | null, context: number, length: number): Float32Array {
  const plain = (base: number): Float32Array =>
    Float32Array.from({ length: headDim / 2 }, (_, at) => 1 / Math.fround(base ** Math.fround((2 * at) / headDim)));
  if (!scaling) return plain(theta);
  switch (scaling.type) {
    case 'linear':
      return plain(theta).map((frequency) => frequency / scaling.factor);
    case 'dynamic': {
      // NTK by length: the base grows once the text is longer than the model was trained for.
      const stretch = (scaling.factor * Math.max(length, context)) / context - (scaling.factor - 1);
      return plain(theta * stretch ** (headDim / (headDim - 2)));
    }
    case 'llama3': return llama3(plain(theta), scaling);
    case 'yarn': return yarn(plain(theta), theta, headDim, scaling);
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
function yarn(frequencies: Float32Array, theta: number, headDim: number, scaling: Extract<RopeScaling, { type: 'yarn' }>): Float32Array {
  const { factor, originalContext, betaFast, betaSlow, truncate } = scaling;
  const dimensionOf = (rotations: number): number =>
    (headDim * Math.log(originalContext / (rotations * 2 * Math.PI))) / (2 * Math.log(theta));
  const [from, to] = [dimensionOf(betaFast), dimensionOf(betaSlow)];
  const low = Math.max(truncate ? Math.floor(from) : from, 0);
  const high = Math.min(truncate ? Math.ceil(to) : to, headDim - 1);
  const width = high === low ? 0.001 : high - low;
  return frequencies.map((frequency, at) => {
    const ramp = Math.min(Math.max((at - low) / width, 0), 1);
    return (frequency / factor) * ramp + frequency * (1 - ramp);
  });
}

function attentionFactor(scaling: RopeScaling | null, context: number): number {
  if (scaling?.type === 'yarn') {
    const { factor, mscale, mscaleAllDim } = scaling;
    const scale = (by: number): number => (factor <= 1 ? 1 : 0.1 * by * Math.log(factor) + 1);
    if (scaling.attentionFactor !== null) return scaling.attentionFactor;
    return mscale && mscaleAllDim ? scale(mscale) / scale(mscaleAllDim) : scale(1);
  }
  if (scaling?.type === 'longrope') {
    if (scaling.attentionFactor !== null) return scaling.attentionFactor;
    const factor = scaling.factor ?? context / scaling.originalContext;
    return factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(scaling.originalContext));
  }
  return 1;
}
