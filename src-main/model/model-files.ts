import type { JsonObject } from '../files/json-object.ts';
import type { ModelConfig } from '../nn/config.ts';
import type { FileEncoding } from '../nn/weights/encodings/encodings.ts';
import type { StoredLayout } from '../nn/weights/stored-layout.ts';
import type { Companions } from '../text/companions.ts';
import type { TensorInfo } from './safetensors-read.ts';

export interface WeightSpec { readonly name: string; readonly shape: readonly number[] }

/** Where a matrix or a table lies, and how. */
export interface WeightPlace {
  readonly path: string;
  /** In bytes from the file's beginning. */
  readonly offset: number;
  readonly bytes: number;
  readonly encoding: FileEncoding;
  /** Rows as they lie. */
  readonly rows: number;
  readonly width: number;
  /** Whether the rows are outputs although the model's matrix has inputs there. */
  readonly isTurned: boolean;
  readonly pairedHeads: StoredLayout['pairedHeads'];
  readonly joinedHeads: StoredLayout['joinedHeads'];
}

/** A model on the disk that has been understood: a folder in the Hugging Face layout, or a GGUF file. */
export interface ModelFiles {
  readonly path: string;
  readonly kind: 'folder' | 'gguf';
  /** What a GGUF file goes by: "Q4_K_M". */
  readonly fileType?: string | undefined;
  readonly config: ModelConfig;
  /** `config.json` as it is, or would be; of a model that reads pictures as well, its language model's part. */
  readonly rawConfig: JsonObject;
  readonly companions: Companions;
  /** Weights under the names that `nn/` gives them. */
  readonly tensors: readonly TensorInfo[];
  /** The files that hold the weights. */
  readonly weightFiles: readonly string[];
  /** Throws one `Problem` that names the weights which are missing, not expected, or of another shape. */
  checkWeights(expected: readonly WeightSpec[]): void;
  /** Checks the weights, then reads each, or each part of its rows (`rowsOf`), into the memory that `into` gives for it. */
  readWeights(into: (name: string, shape: readonly number[]) => Float32Array, expected: readonly WeightSpec[]): Promise<void>;
  /** A weight piece by piece in float32; each piece is good until the next is asked for. */
  pieces(name: string): AsyncIterable<Float32Array>;
  /** Of a matrix or a table; null where it lies in several places, or in another order. */
  place(name: string): WeightPlace | null;
}
