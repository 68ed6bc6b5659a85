import { Problem } from '../../contract/problem.ts';
import { attentionFactor } from '../../nn/attention-factor.ts';
import type { ModelConfig } from '../../nn/config.ts';
import type { DecoderConfig } from '../../nn/decoder-config.ts';
import type { RopeScaling } from '../../nn/rope-config.ts';
import { ROPE_FACTORS } from '../../model/gguf/rope-scaling.ts';
import { bool, bools, f32, i32s, text, u32, type KeyValues, type TypedValue } from './key-values.ts';
import { unplaced } from './unplaced.ts';

/** What of a config a GGUF file says by its metadata, and by tensors that are no weights. */
export interface Described {
  /** llama.cpp's name of the family. */
  readonly architecture: string;
  /** Without the architecture's name before each. */
  readonly keys: KeyValues;
  readonly tables: ReadonlyMap<string, Float32Array>;
  /** Whether the model has a tensor, of those that not every model of the family has; `blk.0.` stands for every layer. */
  has(tensor: string): boolean;
}

/** Keys that may be left out. */
const present = (keys: Readonly<Record<string, TypedValue | null>>): KeyValues =>
  Object.fromEntries(Object.entries(keys).filter((entry): entry is [string, TypedValue] => entry[1] !== null));

/** @throws Problem where llama.cpp does not know the family. */
export function describe(config: ModelConfig): Described {
  switch (config.family) {
    case 'llama': return decoder(config, {
      architecture: config.modelType === 'qwen2' || config.modelType === 'qwen3' ? config.modelType : 'llama', biases: config.qkvBias, mlpBias: config.mlpBias,
    });
    case 'smollm3': return decoder(config, { architecture: 'smollm3', biases: config.attentionBias, mlpBias: config.mlpBias });
    case 'granite': {
      if (!config.rotates) throw unplaced(config, 'which does not rotate');
      return decoder(config, {
        architecture: 'granite', biases: config.attentionBias, mlpBias: config.mlpBias,
        keys: {
          'attention.scale': f32(config.attentionScale), 'embedding_scale': f32(config.embeddingScale), 'residual_scale': f32(config.residualScale), 'logit_scale': f32(config.logitDivisor),
        },
      });
    }
    case 'ministral': return decoder(config, {
      architecture: 'mistral3',
      keys: { 'attention.temperature_scale': f32(config.queryGrowth.growth), 'rope.scaling.yarn_log_multiplier': logMultiplier(config.rope.scaling) },
    });
    case 'gemma': return decoder(config, {
      architecture: config.qkNorm ? 'gemma3' : 'gemma2', biases: config.attentionBias,
      keys: {
        'attention.sliding_window': window(config),
        'rope.freq_base_swa': config.windowRope && f32(config.windowRope.theta),
        'attn_logit_softcapping': config.attentionCap === null ? null : f32(config.attentionCap),
        'final_logit_softcapping': config.logitCap === null ? null : f32(config.logitCap),
      },
    });
    case 'olmo': {
      const isThird = config.windows.some((width) => width !== null);
      return decoder(config, {
        architecture: 'olmo2', biases: config.attentionBias,
        keys: isThird ? {
          'attention.sliding_window': window(config), 'rope.freq_base_swa': f32(config.windowRope.theta), 'attention.sliding_window_pattern': bools(config.windows.map((width) => width !== null)),
        } : {},
      });
    }
    case 'glm': {
      if (!config.normsBehind) throw unplaced(config, 'of 2024');
      return decoder(config, { architecture: 'glm4', biases: config.qkvBias });
    }
    case 'phi3': return decoder(config, {
      architecture: 'phi3',
      keys: {
        'attention.sliding_window': u32(config.windows[0] ?? 0),
        'rope.scaling.original_context_length': u32(config.rope.scaling?.type === 'longrope' ? config.rope.scaling.originalContext : 4096),
      },
    });
    case 'stablelm': return decoder(config, { architecture: 'stablelm', biases: config.qkvBias, layerNorms: true, keys: { use_parallel_residual: bool(config.isParallel) } });
    case 'gpt_neox': return decoder(config, { architecture: 'gptneox', biases: config.attentionBias, layerNorms: true, keys: { use_parallel_residual: bool(config.isParallel) } });
    case 'qwen3_5': throw new Problem(`A model of the type ${config.modelType} is not written as GGUF.`, { hint: 'llama.cpp\'s own converter does it.' });
    case 'gpt_oss':
    case 'qwen3_moe': throw new Problem(`A mixture of experts (${config.modelType}) is not written as GGUF.`, { hint: 'llama.cpp\'s own converter does it.' });
    case 'lfm2': return decoder(config, {
      architecture: 'lfm2',
      keys: { 'attention.head_count_kv': i32s(config.attends.map((attends) => (attends ? config.kvHeads : 0))), 'shortconv.l_cache': u32(config.kernel) },
      has: (tensor) => {
        const [, layer] = /^blk\.(\d+)\.attn_q\.weight$/.exec(tensor) ?? [];
        return layer !== undefined && config.attends[Number(layer)]!;
      },
    });
    case 'gpt2': return {
      architecture: 'gpt2', tables: new Map(),
      keys: {
        'block_count': u32(config.layers), 'context_length': u32(config.contextLength), 'embedding_length': u32(config.hiddenSize),
        'feed_forward_length': u32(config.intermediateSize), 'attention.head_count': u32(config.heads), 'attention.layer_norm_epsilon': f32(config.normEpsilon),
      },
      has: (tensor) => tensor === 'output.weight' && !config.tiedEmbeddings,
    };
    case 't5': return {
      architecture: 't5', tables: new Map(),
      keys: {
        'context_length': u32(512), 'embedding_length': u32(config.hiddenSize), 'feed_forward_length': u32(config.intermediateSize),
        'block_count': u32(config.encoderLayers), 'decoder_block_count': u32(config.layers), 'attention.head_count': u32(config.heads),
        'attention.key_length': u32(config.headDim), 'attention.value_length': u32(config.headDim),
        'attention.layer_norm_epsilon': f32(config.normEpsilon), 'attention.layer_norm_rms_epsilon': f32(config.normEpsilon),
        'attention.relative_buckets_count': u32(config.buckets), 'decoder_start_token_id': u32(config.startId),
      },
      has: (tensor) => (tensor === 'output.weight' ? !config.tiedEmbeddings : tensor.endsWith('ffn_gate.weight') ? config.isGated : tensor.endsWith('attn_rel_b.weight') && config.biasInEveryLayer),
    };
  }
}

interface Differences {
  architecture: string;
  /** On queries, keys and values. */
  biases?: boolean;
  mlpBias?: boolean;
  layerNorms?: boolean;
  keys?: Readonly<Record<string, TypedValue | null>>;
  has?: (tensor: string) => boolean;
}

function decoder(config: DecoderConfig, { architecture, biases = false, mlpBias = false, layerNorms = false, keys = {}, has }: Differences): Described {
  const { rope, tables } = describeRope(config);
  return {
    architecture, tables,
    keys: present({
      'block_count': u32(config.layers), 'context_length': u32(config.contextLength), 'embedding_length': u32(config.hiddenSize),
      'feed_forward_length': u32(config.intermediateSize), 'vocab_size': u32(config.vocabSize),
      'attention.head_count': u32(config.heads), 'attention.head_count_kv': u32(config.kvHeads),
      'attention.key_length': u32(config.headDim), 'attention.value_length': u32(config.headDim),
      [layerNorms ? 'attention.layer_norm_epsilon' : 'attention.layer_norm_rms_epsilon']: f32(config.normEpsilon),
      'rope.dimension_count': u32(config.rope.width), 'rope.freq_base': f32(config.rope.theta),
      ...rope, ...keys,
    }),
    has(tensor) {
      if (tables.has(tensor)) return true;
      switch (tensor) {
        case 'output.weight': return !config.tiedEmbeddings;
        case 'blk.0.attn_q.bias': case 'blk.0.attn_qkv.bias': return biases;
        case 'blk.0.ffn_up.bias': return mlpBias;
        default: return has?.(tensor) ?? false;
      }
    },
  };
}

function describeRope({ rope: { theta, scaling, width }, contextLength }: DecoderConfig): { rope: Readonly<Record<string, TypedValue | null>>; tables: ReadonlyMap<string, Float32Array> } {
  const none = new Map<string, Float32Array>();
  switch (scaling?.type) {
    case undefined: return { rope: {}, tables: none };
    case 'linear': return { rope: { 'rope.scaling.type': text('linear'), 'rope.scaling.factor': f32(scaling.factor) }, tables: none };
    case 'yarn': return {
      rope: {
        'rope.scaling.type': text('yarn'), 'rope.scaling.factor': f32(scaling.factor), 'rope.scaling.original_context_length': u32(scaling.originalContext),
        'rope.scaling.yarn_attn_factor': scaling.attentionFactor === null ? null : f32(scaling.attentionFactor),
        'rope.scaling.yarn_beta_fast': f32(scaling.betaFast), 'rope.scaling.yarn_beta_slow': f32(scaling.betaSlow),
      },
      tables: none,
    };
    case 'llama3': return { rope: {}, tables: new Map([[ROPE_FACTORS, stretches(scaling, theta, width)]]) };
    case 'longrope': return {
      rope: { 'rope.scaling.attn_factor': f32(attentionFactor(scaling, contextLength)) },
      tables: new Map([['rope_factors_long.weight', Float32Array.from(scaling.longFactor)], ['rope_factors_short.weight', Float32Array.from(scaling.shortFactor)]]),
    };
    case 'dynamic': throw new Problem('A rotary embedding that stretches with the text ("dynamic") has no place in a GGUF file.', { hint: 'Take rope_scaling out of config.json: within max_position_embeddings it changes nothing.' });
  }
}

/** By how much Llama 3 stretches the wavelength of each pair of a head. */
export function stretches({ factor, lowFreqFactor: low, highFreqFactor: high, originalContext }: Extract<RopeScaling, { type: 'llama3' }>, theta: number, width: number): Float32Array {
  return Float32Array.from({ length: width / 2 }, (_, pair) => {
    const turns = originalContext / (2 * Math.PI * theta ** (2 * pair / width));
    const smooth = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

function logMultiplier(scaling: RopeScaling | null): TypedValue | null {
  return scaling?.type === 'yarn' && scaling.mscaleAllDim !== null ? f32(scaling.mscaleAllDim) : null;
}

function window({ windows }: DecoderConfig): TypedValue | null {
  const width = windows.find((one) => one !== null);
  return width === undefined ? null : u32(width);
}
