import type { Field } from '../pipeline/field.ts';
import { missingUnknown, type TokenModel } from './token-model.ts';
import { readVocabulary, type Vocabulary } from './vocabulary.ts';

/** Whole words, each a token or unknown. */
export class WordLevel implements TokenModel {
  readonly kind = 'WordLevel';
  readonly vocabulary: Vocabulary;
  readonly size: number;
  private readonly unknownField: Field;

  constructor(field: Field) {
    this.vocabulary = readVocabulary(field.at('vocab'));
    this.size = this.vocabulary.ids.size;
    this.unknownField = field.at('unk_token');
    this.unknownField.text();
  }

  encode(piece: string): number[] {
    return [this.vocabulary.ids.get(piece) ?? this.vocabulary.ids.get(this.unknownField.text()) ?? missingUnknown(this.unknownField, piece)];
  }

  misses(piece: string): boolean {
    return !this.vocabulary.ids.has(piece);
  }
}
