import type { Activation, DecoderConfig } from '../../nn/decoder-config.ts';
import type { Fields } from './fields.ts';

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  silu: 'silu', swish: 'silu', gelu: 'gelu', gelu_new: 'gelu_tanh', gelu_fast: 'gelu_tanh', gelu_pytorch_tanh: 'gelu_tanh',
  relu: 'relu',
};

/** What a family's class in Transformers 5 assumes where `config.json` is silent. */
export interface DecoderDefaults {
  vocabSize: number;
  hiddenSize: number;
  layers: number;
  heads: number;
  /** Null stands for as many as there are query heads. */
  kvHeads: number | null;
  /** Null stands for the width divided by the query heads. */
  headDim: number | null;
  intermediateSize: number;
  normEpsilon: number;
  contextLength: number;
  tied: boolean;
  activation: keyof typeof ACTIVATIONS;
}

/** Where a family spells a field in its own way. */
export interface Spellings { epsilon?: string; activation?: string }

/** The fields that families of decoders share. */
export function readDecoder(
  fields: Fields, defaults: DecoderDefaults, { epsilon = 'rms_norm_eps', activation = 'hidden_act' }: Spellings = {},
): Omit<DecoderConfig, 'modelType' | 'rope' | 'windows'> {
  const hiddenSize = fields.count('hidden_size', defaults.hiddenSize);
  const layers = fields.count('num_hidden_layers', defaults.layers);
  const heads = fields.count('num_attention_heads', defaults.heads);
  // An explicit null means as many as there are query heads, whatever is assumed where the field is absent.
  const kvHeads = fields.countOrNull('num_key_value_heads', defaults.kvHeads ?? heads) ?? heads;
  const headDim = fields.count('head_dim', defaults.headDim ?? hiddenSize / heads);
  if (heads % kvHeads !== 0) throw fields.wrong('num_key_value_heads', `which does not divide the ${heads} attention heads`);
  if (headDim % 2 !== 0) throw fields.wrong('head_dim', 'expected an even number');
  fields.only('is_causal', true);
  return {
    hiddenSize, layers, heads, kvHeads, headDim,
    vocabSize: fields.count('vocab_size', defaults.vocabSize),
    intermediateSize: fields.count('intermediate_size', defaults.intermediateSize),
    normEpsilon: fields.number(epsilon, defaults.normEpsilon),
    contextLength: fields.count('max_position_embeddings', defaults.contextLength),
    tiedEmbeddings: fields.flag('tie_word_embeddings', defaults.tied),
    activation: fields.choice(activation, ACTIVATIONS, defaults.activation),
  };
}
