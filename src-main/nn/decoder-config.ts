import type { Rope } from './rope-config.ts';

/** What the feed-forward's gate goes through. */
export type Activation = 'silu' | 'gelu' | 'gelu_tanh' | 'relu';

/**
 * What decoders of attention and feed-forward have in common. Each family adds what its arithmetic needs to know and
 * nothing more. `model/` makes these from a Hugging Face `config.json` and refuses, by name, what they cannot express.
 */
export interface DecoderConfig {
  /** `model_type` of the folder: kept so that it is written back as it was read. */
  modelType: string;
  vocabSize: number;
  hiddenSize: number;
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  intermediateSize: number;
  normEpsilon: number;
  tiedEmbeddings: boolean;
  activation: Activation;
  rope: Rope;
  /** Width of the attention window for each layer; null attends to everything before. */
  windows: readonly (number | null)[];
  contextLength: number;
}
