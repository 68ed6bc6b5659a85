import { isJsonObject, type JsonObject } from '../../files/json-object.ts';
import type { MinistralConfig } from '../../nn/families/ministral.ts';
import { readDecoder } from './decoder.ts';
import { Fields } from './fields.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope } from './rope.ts';
import { mistralWindows } from './windows.ts';

const DEFAULTS = {
  vocabSize: 131_072, hiddenSize: 4096, layers: 34, heads: 32, kvHeads: 8, headDim: 128, intermediateSize: 14_336, normEpsilon: 1e-5,
  contextLength: 262_144, tied: false, activation: 'silu',
} as const;

/** What the class assumes where the config has none. */
const ROPE = {
  rope_type: 'yarn', rope_theta: 1e6, factor: 16, original_max_position_embeddings: 16_384, beta_fast: 32, beta_slow: 1, mscale_all_dim: 1, mscale: 1,
  llama_4_scaling_beta: 0.1,
};

/** Reads a config of Ministral 3. Throws a `Problem` that names the field and its value. */
export function readMinistralConfig(where: string, raw: JsonObject): MinistralConfig {
  const parameters = isJsonObject(raw['rope_parameters']) ? raw['rope_parameters'] : ROPE;
  const fields = new Fields(where, { ...raw, rope_parameters: parameters });
  const growing = new Fields(`${where}, rope_parameters`, parameters);
  const decoder = readDecoder(fields, DEFAULTS);
  const config: MinistralConfig = {
    family: 'ministral', modelType: 'ministral3', ...decoder,
    rope: readRope(fields, where, decoder, { own: ['llama_4_scaling_beta', 'max_position_embeddings'] }),
    queryGrowth: { growth: growing.number('llama_4_scaling_beta'), every: growing.count('original_max_position_embeddings') },
    windows: mistralWindows(fields, decoder.layers, null),
  };
  fields.ignore(INERT_FIELDS);
  fields.refuseRest();
  return config;
}
