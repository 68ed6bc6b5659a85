import type { EncodingName } from './encodings/encodings.ts';

/** A weight as it lies in a file. */
export interface StoredLayout {
  readonly encoding: EncodingName;
  /** Elements of a row; more than a matrix has inputs where the last block is not full. */
  readonly width: number;
  readonly rows: number;
  /** What a row of a matrix belongs to; a table's belongs to an id. */
  readonly of: 'outputs' | 'inputs';
  /**
   * Where the rows of a head stand in pairs, as llama.cpp has them for its rotary embedding (2 i and 2 i + 1 are what
   * others keep at i and i + headDim / 2): the width of a head.
   */
  readonly pairedHeads: number | null;
  /** Where the queries of all heads stand before all keys and these before all values, as llama.cpp has what others keep head by head: how many heads. */
  readonly joinedHeads: number | null;
}
