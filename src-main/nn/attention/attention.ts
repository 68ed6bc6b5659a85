import type { Value } from '../../graph/value.ts';
import type { RelativeBias } from '../relative-bias.ts';
import type { RopeTable } from '../rope.ts';

/** One layer's queries, keys and values, each [batch, sequence, heads * headDim] before any rotation. */
export interface AttentionCall {
  layer: number;
  query: Value;
  key: Value;
  value: Value;
  heads: number;
  kvHeads: number;
  headDim: number;
  scale: number;
  /** Bends scores beyond it back: cap * tanh(score / cap), before anything is masked; null leaves them. */
  softCap: number | null;
  /** How many positions back, itself included, a position sees; null for all. */
  window: number | null;
  /** Rotates queries and keys; null where positions enter elsewhere. */
  rope: RopeTable | null;
  /** Added to the scores by distance; null where positions enter elsewhere. */
  bias: RelativeBias | null;
  /** A score for each head, [heads], that shares the softmax and looks at nothing. */
  sinks?: Value;
}

/** One layer's queries to what an encoder has read, [batch, sequence, heads * headDim]. */
export type SourceCall = Pick<AttentionCall, 'layer' | 'query' | 'heads' | 'headDim' | 'scale'>;

/** How the positions of one text look at each other. */
export interface SelfAttention {
  /** Context vectors [batch, sequence, heads * headDim]. */
  attend(call: AttentionCall): Value;
}

/** One layer's states [batch, sequence, width], of which each position sees the last few. */
export interface LookBackCall {
  layer: number;
  x: Value;
  /** How many positions before its own. */
  reach: number;
}

/** What one layer remembers of a text beside what it looks back at. */
export interface RecurrenceCall {
  layer: number;
  /** The layer's states, [batch, sequence, width]. */
  x: Value;
  /** Of what it remembers of one text. */
  shape: readonly number[];
  /**
   * What the positions make of what was remembered before them, [batch, ...shape], and what is remembered behind them.
   * @param isText  [batch, sequence, 1], zero where padding must leave what is remembered as it is; null where nothing follows
   */
  advance(memory: Value, isText: Value | null): { context: Value; memory: Value };
}

/** How a decoder's positions look at what came before: all at once in training, through a cache in decoding. */
export interface Attention extends SelfAttention {
  /** Position of every token, [sequence] or [batch, sequence], for models that embed positions. */
  readonly positions: Value;
  /** The states of each position's predecessors, the farthest first, and its own: zeros before the text begins. */
  lookBack(call: LookBackCall): readonly Value[];
  /** The context that a layer makes of what it remembers: zeros before the text begins. */
  recur(call: RecurrenceCall): Value;
  /** Context vectors [batch, sequence, heads * headDim] from the encoder's side. */
  attendSource(call: SourceCall): Value;
}
