import type { Gpt2Config } from '../../nn/families/gpt2.ts';
import { Fields } from './fields.ts';
import type { JsonObject } from '../../files/json-object.ts';
import { INERT_FIELDS } from './inert.ts';

const ACTIVATIONS = {
  gelu_new: 'gelu_tanh', gelu_fast: 'gelu_tanh', gelu_pytorch_tanh: 'gelu_tanh', gelu: 'gelu', relu: 'relu', silu: 'silu', swish: 'silu',
} as const;

/** Reads a config of GPT-2. Throws a `Problem` that names the field and its value. */
export function readGpt2Config(where: string, raw: JsonObject): Gpt2Config {
  const fields = new Fields(where, raw);
  const hiddenSize = fields.count('n_embd', 768);
  const heads = fields.count('n_head', 12);
  if (hiddenSize % heads !== 0) throw fields.wrong('n_head', `which does not divide n_embd (${hiddenSize})`);
  const config: Gpt2Config = {
    family: 'gpt2', modelType: 'gpt2', hiddenSize, heads,
    vocabSize: fields.count('vocab_size', 50257),
    layers: fields.count('n_layer', 12),
    intermediateSize: fields.count('n_inner', 4 * hiddenSize),
    normEpsilon: fields.number('layer_norm_epsilon', 1e-5),
    activation: fields.choice('activation_function', ACTIVATIONS, 'gelu_new'),
    tiedEmbeddings: fields.flag('tie_word_embeddings', true),
    scaleAttention: fields.flag('scale_attn_weights', true),
    scaleByLayer: fields.flag('scale_attn_by_inverse_layer_idx', false),
    contextLength: fields.count('n_positions', 1024),
  };
  fields.only('is_causal', true);
  // `n_ctx` once repeated n_positions; the other keeps half precision in range and changes nothing in float32.
  fields.ignore(['n_ctx', 'reorder_and_upcast_attn', ...INERT_FIELDS]);
  fields.refuseRest();
  return config;
}
