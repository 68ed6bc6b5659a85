import type { JsonObject } from '../../files/json-object.ts';
import type { Qwen3MoeConfig } from '../../nn/families/qwen3-moe.ts';
import { readDecoder } from './decoder.ts';
import { Fields } from './fields.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope } from './rope.ts';

const DEFAULTS = {
  vocabSize: 151_936, hiddenSize: 2048, layers: 24, heads: 32, kvHeads: 4, headDim: null, intermediateSize: 6144, normEpsilon: 1e-6,
  contextLength: 32_768, tied: false, activation: 'silu',
} as const;

const isIndex = (value: unknown): value is number => Number.isInteger(value);

/** Reads a config of Qwen3's mixtures of experts. Throws a `Problem` that names the field and its value. */
export function readQwen3MoeConfig(where: string, raw: JsonObject): Qwen3MoeConfig {
  const fields = new Fields(where, raw);
  const decoder = readDecoder(fields, DEFAULTS);
  // Transformers 5 writes the one, its class and older files have the other.
  const experts = fields.count('num_local_experts', fields.count('num_experts', 128));
  const expertsPerToken = fields.count('num_experts_per_tok', 8);
  if (expertsPerToken > experts) throw fields.wrong('num_experts_per_tok', `but there are ${experts} experts`);
  const every = fields.count('decoder_sparse_step', 1);
  const dense = fields.has('mlp_only_layers') ? fields.list('mlp_only_layers', 'whole numbers', isIndex) : [];
  // Other than the dense models', these have a window in every layer or in none.
  const width = fields.countOrNull('sliding_window', 4096);
  const window = fields.flag('use_sliding_window', false) ? width : null;
  const config: Qwen3MoeConfig = {
    family: 'qwen3_moe', modelType: 'qwen3_moe', ...decoder, experts, expertsPerToken,
    expertSize: fields.count('moe_intermediate_size', 768),
    attentionBias: fields.flag('attention_bias', false),
    normalizesShares: fields.flag('norm_topk_prob', false),
    isMixture: Array.from({ length: decoder.layers }, (_, layer) => !dense.includes(layer) && (layer + 1) % every === 0),
    rope: readRope(fields, where, decoder),
    windows: Array.from({ length: decoder.layers }, () => window),
  };
  fields.ignore(['max_window_layers', 'output_router_logits', 'router_aux_loss_coef', ...INERT_FIELDS]);
  fields.refuseRest();
  return config;
}
