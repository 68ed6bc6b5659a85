import type { Value } from '../graph/value.ts';
import type { Attention } from './attention/attention.ts';
import type { Matrix, Table } from './weight-format.ts';

/**
 * A decoder-only language model, written once. Every graph there is (train step, teacher forward, cached decode,
 * export) comes from this one description; they differ only in the `Attention` they bring.
 */
export interface Decoder {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  /** Heads and width of the keys and values one layer caches. */
  readonly kvHeads: number;
  readonly headDim: number;
  readonly contextLength: number;
  /** Parameters that are looked up by id, so that their gradients come as rows. */
  readonly tables: readonly Table[];
  /** Hidden states after the last norm, [batch, sequence, hiddenSize], for ids [batch, sequence] (int32). */
  hidden(ids: Value, attention: Attention): Value;
  /** The matrix that turns hidden states into logits; often the embedding itself. */
  readonly outputLayer: Matrix;
  /** Logits [..., vocabSize] of hidden states. */
  logits(hidden: Value): Value;
}
