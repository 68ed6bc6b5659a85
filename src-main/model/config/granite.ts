import type { JsonObject } from '../../files/json-object.ts';
import type { GraniteConfig } from '../../nn/families/granite.ts';
import { readDecoder } from './decoder.ts';
import { Fields } from './fields.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope } from './rope.ts';

const DEFAULTS = {
  vocabSize: 32_000, hiddenSize: 4096, layers: 32, heads: 32, kvHeads: null, headDim: null, intermediateSize: 11_008, normEpsilon: 1e-6,
  contextLength: 2048, tied: false, activation: 'silu',
} as const;

/** Of layers and experts that a dense model of the hybrid class has none of. */
const UNUSED = [
  'mamba_n_heads', 'mamba_n_groups', 'mamba_d_state', 'mamba_d_head', 'mamba_d_conv', 'mamba_expand', 'mamba_chunk_size', 'mamba_conv_bias',
  'mamba_proj_bias', 'time_step_limit', 'time_step_min', 'time_step_max', 'time_step_floor', 'num_experts_per_tok', 'output_router_logits', 'router_aux_loss_coef',
  'normalization_function', 'init_method',
];

const isText = (value: unknown): value is string => typeof value === 'string';

/** Reads a config of Granite 3, or of a dense Granite 4. Throws a `Problem` that names the field and its value. */
export function readGraniteConfig(where: string, modelType: 'granite' | 'granitemoehybrid', raw: JsonObject): GraniteConfig {
  const fields = new Fields(where, raw);
  const isFourth = modelType === 'granitemoehybrid';
  const decoder = readDecoder(fields, DEFAULTS);
  const config: GraniteConfig = {
    family: 'granite', modelType, ...decoder,
    ...(isFourth && { intermediateSize: fields.count('shared_intermediate_size', 1024) }),
    rope: readRope(fields, where, decoder),
    windows: Array.from({ length: decoder.layers }, () => null),
    embeddingScale: fields.number('embedding_multiplier', 1),
    residualScale: fields.number('residual_multiplier', 1),
    attentionScale: fields.number('attention_multiplier', 1),
    logitDivisor: fields.number('logits_scaling', 1),
    attentionBias: fields.flag('attention_bias', false),
    mlpBias: !isFourth && fields.flag('mlp_bias', false),
    rotates: !isFourth || readsPositions(fields),
    sharesFeedForward: isFourth,
  };
  if (isFourth) refuseOtherLayers(fields, decoder.layers);
  fields.only('pretraining_tp', 1);
  fields.ignore(INERT_FIELDS);
  fields.refuseRest();
  return config;
}

function readsPositions(fields: Fields): boolean {
  return fields.has('position_embedding_type') && fields.choice('position_embedding_type', { rope: true, nope: false });
}

/** Demands attention in every layer, and no experts. */
function refuseOtherLayers(fields: Fields, layers: number): void {
  const field = fields.has('layers_block_type') ? 'layers_block_type' : 'layer_types';
  const types = fields.list(field, 'texts', isText);
  if (types.length !== layers) throw fields.wrong(field, `expected ${layers} items, one for each layer`);
  const other = types.find((type) => type !== 'attention' && type !== 'full_attention');
  if (other !== undefined) throw fields.unsupported(field, `Retort runs Granite 4 where every layer is attention, and none is ${other}.`);
  if (fields.index('num_local_experts', 8) !== 0) throw fields.unsupported('num_local_experts', 'Retort runs Granite 4 without experts.');
  fields.ignore(UNUSED);
}
