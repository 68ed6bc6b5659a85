import type { LlamaConfig } from '../../nn/config.ts';
import { Fields } from './fields.ts';
import type { JsonObject } from '../../files/json-object.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope } from './rope.ts';
import { fullAttention, mistralWindows, qwenWindows } from './windows.ts';

const ACTIVATIONS = {
  silu: 'silu', swish: 'silu', gelu: 'gelu', gelu_new: 'gelu_tanh', gelu_fast: 'gelu_tanh', gelu_pytorch_tanh: 'gelu_tanh',
} as const;

/** What the classes of Transformers 5 assume where `config.json` is silent, and what they wire by themselves. */
const FAMILIES = {
  llama: { vocabSize: 32000, intermediateSize: 11008, kvHeads: null, headDim: null, contextLength: 2048 },
  mistral: { vocabSize: 32000, intermediateSize: 14336, kvHeads: 8, headDim: null, contextLength: 131072 },
  qwen2: { vocabSize: 151936, intermediateSize: 22016, kvHeads: 32, headDim: null, contextLength: 32768 },
  qwen3: { vocabSize: 151936, intermediateSize: 22016, kvHeads: 32, headDim: 128, contextLength: 32768 },
} as const;

type LlamaModelType = keyof typeof FAMILIES;

/** Reads a config of the llama family. Throws a `Problem` that names the field and its value. */
export function readLlamaConfig(where: string, modelType: LlamaModelType, raw: JsonObject): LlamaConfig {
  const fields = new Fields(where, raw);
  const defaults = FAMILIES[modelType];
  const hiddenSize = fields.count('hidden_size', 4096);
  const layers = fields.count('num_hidden_layers', 32);
  const heads = fields.count('num_attention_heads', 32);
  // Null means as many as there are query heads; Mistral and Qwen assume a number of their own where the field is absent.
  const kvHeads = fields.countOrNull('num_key_value_heads', defaults.kvHeads ?? heads) ?? heads;
  const headDim = fields.count('head_dim', defaults.headDim ?? hiddenSize / heads);
  const contextLength = fields.count('max_position_embeddings', defaults.contextLength);
  if (heads % kvHeads !== 0) throw fields.wrong('num_key_value_heads', `which does not divide the ${heads} attention heads`);
  if (headDim % 2 !== 0) throw fields.wrong('head_dim', 'expected an even number');

  const attentionBias = modelType !== 'mistral' && modelType !== 'qwen2' && fields.flag('attention_bias', false);
  const config: LlamaConfig = {
    family: 'llama', modelType, hiddenSize, layers, heads, kvHeads, headDim, contextLength,
    vocabSize: fields.count('vocab_size', defaults.vocabSize),
    intermediateSize: fields.count('intermediate_size', defaults.intermediateSize),
    normEpsilon: fields.number('rms_norm_eps', 1e-6),
    qkvBias: modelType === 'qwen2' || attentionBias,
    outputBias: attentionBias,
    mlpBias: modelType === 'llama' && fields.flag('mlp_bias', false),
    qkNorm: modelType === 'qwen3',
    tiedEmbeddings: fields.flag('tie_word_embeddings', false),
    activation: fields.choice('hidden_act', ACTIVATIONS, 'silu'),
    rope: readRope(fields, where, contextLength, headDim),
    windows: readWindows(fields, modelType, layers),
  };
  fields.only('pretraining_tp', 1);
  fields.only('is_causal', true);
  fields.ignore(INERT_FIELDS);
  fields.refuseRest();
  return config;
}

function readWindows(fields: Fields, modelType: LlamaModelType, layers: number): (number | null)[] {
  switch (modelType) {
    case 'llama': return fullAttention(fields, layers);
    case 'mistral': return mistralWindows(fields, layers);
    case 'qwen2':
    case 'qwen3': return qwenWindows(fields, layers);
  }
}
