import type { JsonObject } from '../../files/json-object.ts';
import type { SmolLm3Config } from '../../nn/families/smollm3.ts';
import { readDecoder } from './decoder.ts';
import { Fields } from './fields.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope } from './rope.ts';
import { patternWindows } from './windows.ts';

const DEFAULTS = {
  vocabSize: 128_256, hiddenSize: 2048, layers: 36, heads: 16, kvHeads: 4, headDim: null, intermediateSize: 11_008, normEpsilon: 1e-6,
  contextLength: 32_768, tied: true, activation: 'silu',
} as const;

const isBit = (value: unknown): value is 0 | 1 => value === 0 || value === 1;

/** Reads a config of SmolLM3. Throws a `Problem` that names the field and its value. */
export function readSmolLm3Config(where: string, raw: JsonObject): SmolLm3Config {
  const fields = new Fields(where, raw);
  const decoder = readDecoder(fields, DEFAULTS);
  const every = fields.count('no_rope_layer_interval', 4);
  // A one, despite the name, is a layer that rotates.
  const rotates = fields.has('no_rope_layers')
    ? fields.list('no_rope_layers', 'zeros and ones', isBit).map((bit) => bit === 1)
    : Array.from({ length: decoder.layers }, (_, layer) => (layer + 1) % every !== 0);
  if (rotates.length < decoder.layers) throw fields.wrong('no_rope_layers', `expected ${decoder.layers} items, one for each layer`);
  const hasWindows = fields.flag('use_sliding_window', false);
  const config: SmolLm3Config = {
    family: 'smollm3', modelType: 'smollm3', ...decoder, rotates,
    rope: readRope(fields, where, decoder, { theta: 2e6 }),
    windows: patternWindows(fields, decoder.layers, { width: null, isFull: (layer) => !hasWindows || fields.isNull('sliding_window') || rotates[layer]! }),
    attentionBias: fields.flag('attention_bias', false),
    mlpBias: fields.flag('mlp_bias', false),
  };
  if (!hasWindows && config.windows.some((window) => window !== null)) throw fields.wrong('use_sliding_window', 'but layer_types names layers with a window');
  // Left over from models of the same code; nothing reads them.
  fields.ignore(['max_window_layers', 'pretraining_tp', ...INERT_FIELDS]);
  fields.refuseRest();
  return config;
}
