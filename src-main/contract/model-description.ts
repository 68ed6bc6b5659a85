export interface NamedToken { id: number; text: string }

export const TOKENIZER_KINDS = ['byte-level BPE', 'BPE', 'Unigram', 'WordPiece', 'WordLevel'] as const;
export type TokenizerKind = (typeof TOKENIZER_KINDS)[number];
export const WEIGHT_PRECISIONS = ['fp32', 'fp16', 'bf16'] as const;
export type WeightPrecision = (typeof WEIGHT_PRECISIONS)[number];

/** What a person wants to know of a model folder before using it. */
export interface ModelDescription {
  path: string;
  /** `model_type` of the config: llama, qwen2, gpt2, t5, ... */
  family: string;
  parameters: number;
  /** Those of one layer: a student with fewer layers is smaller by so many for each. */
  layerParameters: number;
  /** Of the part that writes. */
  layers: number;
  /** Of the part that reads the prompt; null where one stack does both. */
  encoderLayers: number | null;
  hiddenSize: number;
  heads: number;
  vocabularySize: number;
  /** Most tokens of a text; null where the model sets no limit. */
  contextLength: number | null;
  precision: WeightPrecision;
  /** The types that the weights are stored in, that of most of them first; older versions did not note them. */
  types?: readonly string[];
  /** Of a GGUF file: what people call such a mixture of types, "Q4_K_M"; left out where the file does not say. */
  fileType?: string;
  /** Bytes of the files that hold the weights. */
  weightBytes: number;
  tokenizer: { kind: TokenizerKind; tokens: number; bos: NamedToken | null; eos: NamedToken[]; pad: NamedToken | null };
  hasChatTemplate: boolean;
}

/** What a student was made from: a teacher's folder and the layers it kept of so many. */
export interface StudentOrigin { madeFrom: string; layers: number[]; of: number }
