import type { Value } from '../graph/value.ts';
import type { Attention, SelfAttention } from './attention/attention.ts';
import type { ConstantFormat, Matrix, Table } from './weights/weight-format.ts';

/**
 * A language model, written once. Every graph there is (train step, teacher forward, cached decode, export) comes from
 * this one description; they differ only in the `Attention` they bring.
 */
export interface Decoder {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  /** Heads and width of the keys and values that one layer of attention caches. */
  readonly kvHeads: number;
  readonly headDim: number;
  /** Of the layers that look back a few positions instead of attending: how far, and how wide what they see is; and the shape of what some remember of a text besides. */
  readonly convolutions: ReadonlyMap<number, { readonly width: number; readonly reach: number; readonly memory?: readonly number[] }>;
  /** Most tokens of a text; null where the model sets no limit. */
  readonly contextLength: number | null;
  /** Parameters that are looked up by id, so that their gradients come as rows. */
  readonly tables: readonly Table[];
  /** Whether nothing flows back through it, so that it can be asked and not trained. */
  readonly onlyTeaches?: boolean;
  /** What reads the prompt, where prompt and completion are not one text. */
  readonly encoder: Encoder | null;
  /** Hidden states after the last norm, [batch, sequence, hiddenSize], for ids [batch, sequence] (int32). */
  hidden(ids: Value, attention: Attention, around?: AroundLayer): Value;
  /** The matrix that turns hidden states into logits; often the embedding itself. */
  readonly outputLayer: Matrix;
  /** Whether the output layer is made ready anew for each product, so that few products of many rows are worth their memory. */
  readonly unpacksOutput?: boolean;
  /** The same model for a session that keeps its weights as constants, where that is another one, and what of them has to be made first. */
  readonly constant?: { readonly decoder: Decoder; readonly packs: ConstantFormat['packs'] };
  /** Logits [..., vocabSize] of hidden states. */
  logits(hidden: Value): Value;
}

/** Makes a layer of its input x [batch, sequence, hiddenSize] by `build`, in a way of its own. */
export type AroundLayer = (x: Value, build: (x: Value) => Value) => Value;

/** A layer as it is. */
export const plainly: AroundLayer = (x, build) => build(x);

/** The part of an encoder-decoder that reads the prompt, once; its decoder looks back at it. */
export interface Encoder {
  readonly layers: number;
  /** The id that every completion starts after. */
  readonly startId: number;
  /** What it makes of a prompt, [batch, source, hiddenSize], for ids [batch, source] (int32). */
  states(ids: Value, attention: SelfAttention, around?: AroundLayer): Value;
  /** What a layer of the decoder looks at, each [batch, source, kvHeads * headDim]. */
  keysAndValues(states: Value, layer: number): { key: Value; value: Value };
}
