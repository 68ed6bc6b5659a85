import type { T5Config } from '../../nn/families/t5.ts';
import { Fields } from './fields.ts';
import type { JsonObject } from '../../files/json-object.ts';
import { INERT_FIELDS } from './inert.ts';

/** `feed_forward_proj`; "gated-gelu" has always meant the tanh approximation. */
const FEED_FORWARDS = {
  'relu': { activation: 'relu', isGated: false }, 'gelu': { activation: 'gelu', isGated: false }, 'gelu_new': { activation: 'gelu_tanh', isGated: false },
  'gated-gelu': { activation: 'gelu_tanh', isGated: true }, 'gated-gelu_new': { activation: 'gelu_tanh', isGated: true },
  'gated-silu': { activation: 'silu', isGated: true }, 'gated-relu': { activation: 'relu', isGated: true },
} as const;

/** Reads a config of T5, T5 v1.1 or Flan-T5. Throws a `Problem` that names the field and its value. */
export function readT5Config(where: string, raw: JsonObject): T5Config {
  const fields = new Fields(where, raw);
  const encoderLayers = fields.count('num_layers', 6);
  const isTied = fields.flag('tie_word_embeddings', true);
  const config: T5Config = {
    family: 't5', modelType: 't5', encoderLayers,
    vocabSize: fields.count('vocab_size', 32128),
    hiddenSize: fields.count('d_model', 512),
    layers: fields.count('num_decoder_layers', encoderLayers),
    heads: fields.count('num_heads', 8),
    headDim: fields.count('d_kv', 64),
    intermediateSize: fields.count('d_ff', 2048),
    normEpsilon: fields.number('layer_norm_epsilon', 1e-6),
    buckets: fields.count('relative_attention_num_buckets', 32),
    maxDistance: fields.count('relative_attention_max_distance', 128),
    ...fields.choice('feed_forward_proj', FEED_FORWARDS, 'relu'),
    tiedEmbeddings: isTied,
    // Transformers 5 writes the two apart; before, what was tied was scaled.
    scalesOutput: fields.flag('scale_decoder_outputs', isTied),
    startId: fields.index('decoder_start_token_id', fields.index('pad_token_id', 0)),
  };
  if (config.buckets % 4 !== 0) throw fields.wrong('relative_attention_num_buckets', 'expected a multiple of four');
  fields.only('is_encoder_decoder', true);
  fields.ignore([
    // Said by feed_forward_proj; a length that relative positions do not need; the scale of first weights.
    'dense_act_fn', 'is_gated_act', 'n_positions', 'initializer_factor', 'dropout_rate', 'output_past', ...INERT_FIELDS,
  ]);
  fields.refuseRest();
  return config;
}
