import { Problem } from '../../contract/problem.ts';
import type { JsonObject } from '../../files/json-object.ts';
import { yarnFactor } from '../../nn/attention-factor.ts';
import type { ModelConfig } from '../../nn/config.ts';
import type { Rope, RopeScaling } from '../../nn/rope-config.ts';
import { readByMlx, type Reading } from './reading.ts';

/**
 * The `config.json` of a folder for mlx-lm, which opens it for what it says without a word where it does not know a field: every one that
 * it reads stands there in its own spelling, and what it does not read is refused.
 * @param raw  the model's own, which Transformers reads to the same model
 * @throws Problem for a model that mlx-lm would not open, or compute otherwise
 */
export function mlxConfig(config: ModelConfig, raw: JsonObject): { config: JsonObject; notes: readonly string[] } {
  const reading = readByMlx(config);
  if (!reading || !('rope' in config) || config.rope === null) throw new Problem(`mlx-lm opens no ${config.modelType} in the layout of a Hugging Face folder.`, { hint: 'Export it as ONNX, GGUF or safetensors.' });
  const { hiddenSize, heads, headDim, rope, windows } = config;
  const lacking = reading.lacks ?? lackingIn(reading, config) ?? lackingScaling(reading, rope);
  if (lacking !== null) throw new Problem(`mlx-lm has no place for a model of the type ${config.modelType} ${lacking}, so it cannot be exported for MLX.`, { hint: 'Export it as ONNX or safetensors.' });
  // Families that have one window for all do not say it layer by layer.
  const { layer_types: _, ...others } = reading.fields;
  const fields = reading.hasWindows || raw['layer_types'] !== undefined ? reading.fields : others;
  const narrowest = reading.hasWindows ? Infinity : Math.min(...windows.map((width) => width ?? Infinity));
  return {
    config: {
      ...raw,
      hidden_size: hiddenSize, intermediate_size: config.intermediateSize, num_hidden_layers: config.layers, num_attention_heads: heads, num_key_value_heads: config.kvHeads,
      ...(reading.hasHeadDim && { head_dim: headDim }),
      vocab_size: config.vocabSize, max_position_embeddings: config.contextLength, rms_norm_eps: config.normEpsilon, tie_word_embeddings: config.tiedEmbeddings,
      ...(!reading.readsParameters && { rope_theta: rope.theta, ...(rope.scaling && { rope_scaling: spelled(rope.scaling) }) }),
      ...fields,
    },
    notes: narrowest < config.contextLength ? [`Some of its layers see only the last ${narrowest} tokens, and mlx-lm lets them see all: texts of more than ${narrowest} tokens come out otherwise there.`] : [],
  };
}

type Sizes = Pick<Extract<ModelConfig, { rope: Rope }>, 'activation' | 'tiedEmbeddings' | 'heads' | 'headDim' | 'hiddenSize'>;

function lackingIn({ activation, output, hasHeadDim }: Reading, config: Sizes): string | null {
  if (config.activation !== activation) return `with the activation ${config.activation}: it has ${activation}`;
  if (output === 'own' && config.tiedEmbeddings) return 'whose output layer is its embedding';
  if (output === 'embedding' && !config.tiedEmbeddings) return 'with an output layer of its own';
  if (!hasHeadDim && config.heads * config.headDim !== config.hiddenSize) return `whose ${config.heads} heads of ${config.headDim} are not as wide as its ${config.hiddenSize}`;
  return null;
}

function lackingScaling({ scalings }: Reading, { scaling }: Rope): string | null {
  if (!scaling) return null;
  // Of LongRoPE it takes the factors for long texts whatever their length.
  if (!scalings.includes(scaling.type)) return `with a rotary embedding that is stretched as ${scaling.type} says`;
  if (scaling.type !== 'yarn') return null;
  if (!scaling.truncate) return 'with a rotary embedding of the type yarn and without truncate';
  if ((scaling.mscale === null) !== (scaling.mscaleAllDim === null)) return 'with one of mscale and mscale_all_dim';
  const own = yarnFactor(scaling);
  if (scaling.attentionFactor !== null && Math.abs(scaling.attentionFactor - own) > 1e-4) return `with the attention_factor ${scaling.attentionFactor}: it takes ${own.toFixed(4)} for the factor ${scaling.factor}`;
  return null;
}

/** As Transformers 4 wrote `rope_scaling`, which Transformers 5 and mlx-lm both read. */
function spelled(scaling: RopeScaling): JsonObject {
  switch (scaling.type) {
    case 'linear': case 'dynamic': return { rope_type: scaling.type, factor: scaling.factor };
    case 'llama3': return {
      rope_type: 'llama3', factor: scaling.factor, low_freq_factor: scaling.lowFreqFactor, high_freq_factor: scaling.highFreqFactor, original_max_position_embeddings: scaling.originalContext,
    };
    case 'yarn': return {
      rope_type: 'yarn', factor: scaling.factor, original_max_position_embeddings: scaling.originalContext, beta_fast: scaling.betaFast, beta_slow: scaling.betaSlow,
      ...(scaling.mscale !== null && scaling.mscaleAllDim !== null && { mscale: scaling.mscale, mscale_all_dim: scaling.mscaleAllDim }),
    };
    case 'longrope': throw new Error('LongRoPE has no spelling for mlx-lm');
  }
}
