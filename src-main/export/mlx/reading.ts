import type { JsonObject } from '../../files/json-object.ts';
import type { Activation, DecoderConfig } from '../../nn/decoder-config.ts';
import type { ModelConfig } from '../../nn/config.ts';
import type { RopeScaling } from '../../nn/rope-config.ts';

/** How mlx-lm (0.32) reads a family. */
export interface Reading {
  /** In its own spelling, where its class assumes something else than Transformers' or does not read where the field is. */
  readonly fields: JsonObject;
  readonly activation: Activation;
  /** Kinds of stretched rotary embeddings that it computes. */
  readonly scalings: readonly RopeScaling['type'][];
  /** Whether its layers have the windows that the fields say; otherwise all see everything. */
  readonly hasWindows: boolean;
  /** Whether all heads together may be wider or narrower than the model. */
  readonly hasHeadDim: boolean;
  /** The only output layer that it has; null where it has both. */
  readonly output: 'own' | 'embedding' | null;
  /** Whether it reads `rope_parameters` as Transformers 5 writes it, and nothing beside. */
  readonly readsParameters: boolean;
  /** What else of this model it has no place for, in words. */
  readonly lacks: string | null;
}

const SCALINGS = ['linear', 'dynamic', 'llama3', 'yarn'] as const;

type Of<Family extends ModelConfig['family']> = Extract<ModelConfig, { family: Family }>;
const reading = (fields: JsonObject, more: Partial<Reading> = {}): Reading => ({
  fields, activation: 'silu', scalings: SCALINGS, hasWindows: false, hasHeadDim: false, output: null, readsParameters: false, lacks: null, ...more,
});

/** Null for a family that mlx-lm does not open under the names and in the layout of a Hugging Face folder. */
export function readByMlx(config: ModelConfig): Reading | null {
  switch (config.family) {
    case 'llama': return llama(config);
    case 'gemma': return gemma(config);
    case 'olmo': return olmo(config);
    case 'smollm3': return withWindows(config, { attention_bias: config.attentionBias, mlp_bias: config.mlpBias, no_rope_layers: config.rotates.slice(0, config.layers).map(Number) });
    case 'ministral': return { ...withWindows(config, {}), readsParameters: true };
    case 'granite': return config.modelType === 'granite' ? reading({
      attention_bias: config.attentionBias, mlp_bias: config.mlpBias, embedding_multiplier: config.embeddingScale, residual_multiplier: config.residualScale,
      attention_multiplier: config.attentionScale, logits_scaling: config.logitDivisor,
    }) : null;
    case 'phi3': return reading(share(config), { scalings: [] });
    case 'glm': return config.normsBehind ? reading({ attention_bias: config.qkvBias, ...share(config) }, { scalings: [], hasHeadDim: true, output: 'own' }) : null;
    case 'stablelm': return reading({
      use_qkv_bias: config.qkvBias, qk_layernorm: config.qkNorm, use_parallel_residual: config.isParallel, layer_norm_eps: config.normEpsilon, ...share(config),
    }, { scalings: [], output: 'own' });
    case 'gpt2': case 'gpt_neox': case 'gpt_oss': case 'lfm2': case 'qwen3_5': case 'qwen3_moe': case 't5': return null;
  }
}

function llama(config: Of<'llama'>): Reading | null {
  switch (config.modelType) {
    case 'llama': case 'mistral': return withWindows(config, { attention_bias: config.qkvBias, mlp_bias: config.mlpBias });
    case 'qwen2': return reading({});
    case 'qwen3': return reading({}, { hasHeadDim: true, lacks: config.qkvBias ? 'with biases in its attention' : null });
    default: return null;
  }
}

/** Of layers with and without windows it looks for the first without: where there is none, it opens only what is said to see everything. */
function withWindows(config: DecoderConfig, fields: JsonObject): Reading {
  const hasWindows = config.windows.includes(null);
  const types = config.windows.every((width) => width === null) ? {} : layerTypes(config, hasWindows ? config.windows : config.windows.map(() => null));
  return reading({ ...fields, ...types }, { hasHeadDim: true, hasWindows });
}

function layerTypes({ windows: own }: DecoderConfig, windows: DecoderConfig['windows'] = own): JsonObject {
  const width = windows.find((one) => one !== null);
  return { layer_types: windows.map((one) => (one === null ? 'full_attention' : 'sliding_attention')), ...(width !== undefined && { sliding_window: width }) };
}

function olmo(config: Of<'olmo'>): Reading {
  const fields = { attention_bias: config.attentionBias };
  if (config.modelType === 'olmo2') return reading(fields, { hasHeadDim: true });
  const { windowRope: { theta, scaling }, rope } = config;
  const isOther = theta !== rope.theta || scaling !== null;
  return reading({ ...fields, ...layerTypes(config) }, {
    hasHeadDim: true, hasWindows: true,
    lacks: config.windows.every((width) => width === null) ? 'without a layer that has a window' : isOther ? 'whose layers with a window rotate otherwise than by the rope_theta of all' : null,
  });
}

function gemma(config: Of<'gemma'>): Reading {
  const common = { activation: 'gelu_tanh', hasHeadDim: true } as const;
  const biases = config.attentionBias ? 'with biases in its attention' : null;
  if (!config.windowRope) {
    const uncapped = config.attentionCap === null || config.logitCap === null ? 'without caps on scores and logits' : null;
    return reading({ query_pre_attn_scalar: config.queryScalar, attn_logit_softcapping: config.attentionCap, final_logit_softcapping: config.logitCap }, {
      ...common, scalings: [], output: 'embedding', lacks: biases ?? uncapped,
    });
  }
  const every = patternOf(config.windows);
  const { windowRope: { theta, scaling } } = config;
  return reading({
    query_pre_attn_scalar: config.queryScalar, rope_local_base_freq: theta, ...(every !== null && { sliding_window_pattern: every }), ...layerTypes(config),
  }, {
    ...common, hasWindows: true,
    lacks: biases ?? (config.logitCap !== null ? 'with a cap on its logits' : scaling ? 'whose layers with a window have a stretched rotary embedding' : every === null ? 'whose layers without a window are not every so many' : null),
  });
}

/** Every how many layers there is one without a window; null where they follow no such pattern. */
function patternOf(windows: DecoderConfig['windows']): number | null {
  const every = windows.indexOf(null) + 1;
  return every > 0 && windows.every((width, layer) => (width === null) === ((layer + 1) % every === 0)) ? every : null;
}

/** Of a head, what is rotated. */
const share = ({ rope: { width }, headDim }: DecoderConfig): JsonObject => ({ partial_rotary_factor: width / headDim });
