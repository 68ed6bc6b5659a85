import type { JsonObject } from '../../files/json-object.ts';
import type { GptOssConfig } from '../../nn/families/gpt-oss.ts';
import { readDecoder } from './decoder.ts';
import { Fields } from './fields.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope } from './rope.ts';
import { patternWindows } from './windows.ts';

const DEFAULTS = {
  vocabSize: 201_088, hiddenSize: 2880, layers: 36, heads: 64, kvHeads: 8, headDim: 64, intermediateSize: 2880, normEpsilon: 1e-5,
  contextLength: 131_072, tied: false, activation: 'silu',
} as const;

const YARN = { rope_type: 'yarn', factor: 32, beta_fast: 32, beta_slow: 1, truncate: false, original_max_position_embeddings: 4096 };

/** Reads a config of gpt-oss. Throws a `Problem` that names the field and its value. */
export function readGptOssConfig(where: string, raw: JsonObject): GptOssConfig {
  const fields = new Fields(where, raw['rope_scaling'] ?? raw['rope_parameters'] ? raw : { ...raw, rope_parameters: YARN });
  const decoder = readDecoder(fields, DEFAULTS);
  const experts = fields.count('num_local_experts', 128);
  const expertsPerToken = fields.count('num_experts_per_tok', 4);
  if (expertsPerToken > experts) throw fields.wrong('num_experts_per_tok', `but there are ${experts} experts`);
  const config: GptOssConfig = {
    family: 'gpt_oss', modelType: 'gpt_oss', ...decoder, experts, expertsPerToken,
    attentionBias: fields.flag('attention_bias', true),
    alpha: fields.number('swiglu_alpha', 1.702),
    limit: fields.number('swiglu_limit', 7),
    rope: readRope(fields, where, decoder, { theta: 150_000 }),
    windows: patternWindows(fields, decoder.layers, { width: 128, isFull: (layer) => layer % 2 === 1 }),
  };
  // Sizes said again.
  fields.ignore(['experts_per_token', 'initial_context_length', 'output_router_logits', 'router_aux_loss_coef', ...INERT_FIELDS]);
  fields.refuseRest();
  return config;
}
