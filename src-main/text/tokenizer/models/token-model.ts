import type { Field } from '../pipeline/field.ts';
import type { Vocabulary } from './vocabulary.ts';

/** What cuts a piece of normalized text into tokens of its vocabulary. */
export interface TokenModel {
  readonly kind: 'BPE' | 'Unigram' | 'WordPiece' | 'WordLevel';
  readonly vocabulary: Vocabulary;
  /** How many entries `tokenizer.json` lists, which numbers the tokens added behind them. */
  readonly size: number;
  /** The ids of a piece that is not empty. */
  encode(piece: string): readonly number[];
  /** Whether no token writes some part of a piece, which is left out or becomes the token for what is unknown. */
  misses(piece: string): boolean;
}

/** Throws the `Problem` of a text that cannot be written because there is no token for what is unknown. */
export function missingUnknown(field: Field, piece: string): never {
  return field.refuse(`names no token of the vocabulary, and ${JSON.stringify(piece)} is unknown`);
}
