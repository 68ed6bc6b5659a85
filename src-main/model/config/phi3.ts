import type { JsonObject } from '../../files/json-object.ts';
import type { Phi3Config } from '../../nn/families/phi3.ts';
import { readDecoder } from './decoder.ts';
import { Fields } from './fields.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope } from './rope.ts';
import { mistralWindows } from './windows.ts';

const DEFAULTS = {
  vocabSize: 32_064, hiddenSize: 3072, layers: 32, heads: 32, kvHeads: null, headDim: null, intermediateSize: 8192, normEpsilon: 1e-5,
  contextLength: 4096, tied: false, activation: 'silu',
} as const;

/** Reads a config of Phi-3, 3.5, 4 or 4-mini. Throws a `Problem` that names the field and its value. */
export function readPhi3Config(where: string, raw: JsonObject): Phi3Config {
  const fields = new Fields(where, raw);
  const decoder = readDecoder(fields, DEFAULTS);
  const config: Phi3Config = {
    family: 'phi3', modelType: 'phi3', ...decoder,
    // The first files name LongRoPE otherwise.
    rope: readRope(fields, where, decoder, { share: 1, originalContext: 4096, spellings: { su: 'longrope', yarn: 'longrope' } }),
    windows: mistralWindows(fields, decoder.layers, null),
  };
  for (const [name, value] of [['attention_bias', false], ['mlp_bias', false], ['lm_head_bias', false], ['interpolate_factor', 1], ['full_attn_mod', 1]] as const) fields.only(name, value);
  fields.ignore(INERT_FIELDS);
  fields.refuseRest();
  return config;
}
