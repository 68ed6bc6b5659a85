/**
 * The normalized description of a model: what a family's definition in `nn/families` needs and nothing more.
 * `model/` makes these from a Hugging Face `config.json` and refuses, by name, what they cannot express.
 */
export type RopeScaling =
  | { type: 'linear'; factor: number }
  | { type: 'dynamic'; factor: number }
  | { type: 'llama3'; factor: number; lowFreqFactor: number; highFreqFactor: number; originalContext: number }
  | { type: 'yarn'; factor: number; originalContext: number; betaFast: number; betaSlow: number; attentionFactor: number | null;
      mscale: number | null; mscaleAllDim: number | null; truncate: boolean }
  | { type: 'longrope'; shortFactor: readonly number[]; longFactor: readonly number[]; originalContext: number;
      factor: number | null; attentionFactor: number | null };

export interface LlamaConfig {
  family: 'llama';
  /** `model_type` of the folder (llama, mistral, qwen2, qwen3): kept so that it is written back as it was read. */
  modelType: string;
  vocabSize: number;
  hiddenSize: number;
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  intermediateSize: number;
  normEpsilon: number;
  /** Biases on q, k and v (Qwen2), on the attention's output, on the feed-forward's three matrices. */
  qkvBias: boolean;
  outputBias: boolean;
  mlpBias: boolean;
  /** RMS norms over each head of queries and keys before the rotation (Qwen3). */
  qkNorm: boolean;
  tiedEmbeddings: boolean;
  activation: 'silu' | 'gelu' | 'gelu_tanh';
  rope: { theta: number; scaling: RopeScaling | null };
  /** Width of the attention window for each layer; null attends to everything before. */
  windows: readonly (number | null)[];
  contextLength: number;
}

export interface Gpt2Config {
  family: 'gpt2';
  modelType: string;
  vocabSize: number;
  hiddenSize: number;
  layers: number;
  heads: number;
  intermediateSize: number;
  normEpsilon: number;
  activation: 'gelu_tanh' | 'gelu' | 'relu' | 'silu';
  tiedEmbeddings: boolean;
  /** GPT-2 may divide scores by sqrt(head width) and, in some checkpoints, by the layer's number as well. */
  scaleAttention: boolean;
  scaleByLayer: boolean;
  contextLength: number;
}

export interface T5Config {
  family: 't5';
  modelType: 't5';
  vocabSize: number;
  hiddenSize: number;
  /** Of the decoder. */
  layers: number;
  encoderLayers: number;
  heads: number;
  headDim: number;
  intermediateSize: number;
  normEpsilon: number;
  /** Buckets of the bias by distance, and the distance from which all share the last. */
  buckets: number;
  maxDistance: number;
  activation: 'relu' | 'gelu' | 'gelu_tanh' | 'silu';
  /** Whether the feed-forward's activation gates a second product (v1.1, Flan-T5). */
  isGated: boolean;
  tiedEmbeddings: boolean;
  /** The original T5 divides its last hidden states by sqrt(hiddenSize). */
  scalesOutput: boolean;
  /** The id a completion starts after. */
  startId: number;
}

export type ModelConfig = LlamaConfig | Gpt2Config | T5Config;
