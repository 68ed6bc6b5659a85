import type { JsonObject } from '../../files/json-object.ts';
import type { StableLmConfig } from '../../nn/families/stablelm.ts';
import { readDecoder } from './decoder.ts';
import { Fields } from './fields.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope } from './rope.ts';
import { fullAttention } from './windows.ts';

const DEFAULTS = {
  vocabSize: 50_304, hiddenSize: 2560, layers: 32, heads: 32, kvHeads: 32, headDim: null, intermediateSize: 6912, normEpsilon: 1e-5,
  contextLength: 4096, tied: false, activation: 'silu',
} as const;

/** Reads a config of StableLM. Throws a `Problem` that names the field and its value. */
export function readStableLmConfig(where: string, raw: JsonObject): StableLmConfig {
  const fields = new Fields(where, raw);
  const decoder = readDecoder(fields, DEFAULTS, { epsilon: 'layer_norm_eps' });
  fields.only('head_dim', decoder.hiddenSize / decoder.heads);
  const config: StableLmConfig = {
    family: 'stablelm', modelType: 'stablelm', ...decoder,
    rope: readRope(fields, where, decoder, { share: 0.25 }),
    windows: fullAttention(fields, decoder.layers),
    qkvBias: fields.flag('use_qkv_bias', false),
    qkNorm: fields.flag('qk_layernorm', false),
    isParallel: fields.flag('use_parallel_residual', false),
  };
  // The first files' name for layer_norm_eps.
  fields.ignore(['norm_eps', ...INERT_FIELDS]);
  fields.refuseRest();
  return config;
}
