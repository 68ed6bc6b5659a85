import type { JsonObject } from '../../files/json-object.ts';
import type { Qwen35Config } from '../../nn/families/qwen3-5.ts';
import { readDecoder } from './decoder.ts';
import { Fields } from './fields.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope } from './rope.ts';

const DEFAULTS = {
  vocabSize: 248_320, hiddenSize: 4096, layers: 32, heads: 16, kvHeads: 4, headDim: 256, intermediateSize: 12_288, normEpsilon: 1e-6,
  contextLength: 32_768, tied: false, activation: 'silu',
} as const;

/** Of the part that guesses further ahead, which Transformers leaves out too, and of ways of computing. */
const INERT = ['mtp_num_hidden_layers', 'mtp_use_dedicated_embeddings', 'mamba_ssm_dtype', 'output_router_logits'];

const isText = (value: unknown): value is string => typeof value === 'string';

/** Reads a config of Qwen3.5's text model. Throws a `Problem` that names the field and its value. */
export function readQwen35Config(where: string, raw: JsonObject): Qwen35Config {
  const fields = new Fields(where, raw);
  const decoder = readDecoder(fields, DEFAULTS);
  const linear = {
    keyHeads: fields.count('linear_num_key_heads', 16), valueHeads: fields.count('linear_num_value_heads', 32),
    keyDim: fields.count('linear_key_head_dim', 128), valueDim: fields.count('linear_value_head_dim', 128),
  };
  if (linear.valueHeads % linear.keyHeads !== 0) throw fields.wrong('linear_num_key_heads', `which does not divide the ${linear.valueHeads} value heads`);
  const config: Qwen35Config = {
    family: 'qwen3_5', modelType: 'qwen3_5_text', ...decoder, linear,
    attentionBias: fields.flag('attention_bias', false),
    attends: attentionLayers(fields, decoder.layers),
    kernel: fields.count('linear_conv_kernel_dim', 4),
    // Positions in pictures have three parts, those in text one.
    rope: readRope(fields, where, decoder, { share: 0.25, own: ['mrope_section', 'mrope_interleaved'] }),
    windows: Array.from({ length: decoder.layers }, () => null),
  };
  // Transformers' class has the gate whatever the field says.
  fields.only('attn_output_gate', true);
  fields.ignore([...INERT, ...INERT_FIELDS]);
  fields.refuseRest();
  return config;
}

function attentionLayers(fields: Fields, layers: number): boolean[] {
  const every = fields.count('full_attention_interval', 4);
  if (!fields.has('layer_types')) return Array.from({ length: layers }, (_, layer) => (layer + 1) % every === 0);
  const types = fields.list('layer_types', 'texts', isText);
  const other = types.find((type) => type !== 'linear_attention' && type !== 'full_attention');
  if (other !== undefined) throw fields.unsupported('layer_types', `Retort knows linear_attention and full_attention, not ${other}.`);
  if (types.length !== layers) throw fields.wrong('layer_types', `expected ${layers} items, one for each layer`);
  return types.map((type) => type === 'full_attention');
}
