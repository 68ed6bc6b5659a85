import type { JsonObject } from '../../files/json-object.ts';
import type { GlmConfig } from '../../nn/families/glm.ts';
import { readDecoder } from './decoder.ts';
import { Fields } from './fields.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope } from './rope.ts';
import { fullAttention } from './windows.ts';

const SHARED = {
  vocabSize: 151_552, hiddenSize: 4096, layers: 40, heads: 32, kvHeads: 2, headDim: 128, intermediateSize: 13_696, normEpsilon: 1.5625e-7,
  contextLength: 131_072, tied: false, activation: 'silu',
} as const;

/** Reads a config of GLM-4, of 2024 (`glm`) or of 2025 (`glm4`). Throws a `Problem` that names the field and its value. */
export function readGlmConfig(where: string, modelType: 'glm' | 'glm4', raw: JsonObject): GlmConfig {
  const fields = new Fields(where, raw);
  const decoder = readDecoder(fields, SHARED);
  const config: GlmConfig = {
    family: 'glm', modelType, ...decoder,
    rope: readRope(fields, where, decoder, { share: 0.5 }),
    windows: fullAttention(fields, decoder.layers),
    qkvBias: fields.flag('attention_bias', true),
    normsBehind: modelType === 'glm4',
  };
  fields.ignore(INERT_FIELDS);
  fields.refuseRest();
  return config;
}
