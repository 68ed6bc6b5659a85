import type { Value } from '../../graph/value.ts';
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
  /** How many positions back, itself included, a position sees; null for all. */
  window: number | null;
  /** Rotates queries and keys; null where positions enter elsewhere. */
  rope: RopeTable | null;
}

/** How positions look at each other: all at once in training, through a cache in decoding. */
export interface Attention {
  /** Position of every token, [sequence] or [batch, sequence], for models that embed positions. */
  readonly positions: Value;
  /** Context vectors [batch, sequence, heads * headDim]. */
  attend(call: AttentionCall): Value;
}
