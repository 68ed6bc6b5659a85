import type { Field } from '../pipeline/field.ts';
import { missingUnknown, type TokenModel } from './token-model.ts';
import { readVocabulary, type Vocabulary } from './vocabulary.ts';

/** The longest token that a word begins with, then the longest of what is left; a word with a part that no token writes is unknown as a whole. */
export class WordPiece implements TokenModel {
  readonly kind = 'WordPiece';
  readonly vocabulary: Vocabulary;
  readonly size: number;
  private readonly prefix: string;
  private readonly longestWord: number;
  private readonly unknownField: Field;

  constructor(field: Field) {
    this.vocabulary = readVocabulary(field.at('vocab'));
    this.size = this.vocabulary.ids.size;
    this.prefix = field.at('continuing_subword_prefix').text();
    this.longestWord = field.at('max_input_chars_per_word').count();
    this.unknownField = field.at('unk_token');
    this.unknownField.text();
  }

  encode(piece: string): number[] {
    const characters = [...piece];
    const ids: number[] = [];
    for (let start = 0; start < characters.length && characters.length <= this.longestWord;) {
      let end = characters.length;
      let id: number | undefined;
      for (; end > start; end--) {
        id = this.vocabulary.ids.get((start > 0 ? this.prefix : '') + characters.slice(start, end).join(''));
        if (id !== undefined) break;
      }
      if (id === undefined) return [this.unknown(piece)];
      ids.push(id);
      start = end;
    }
    return characters.length > this.longestWord ? [this.unknown(piece)] : ids;
  }

  misses(piece: string): boolean {
    const unknown = this.unknownField.text();
    return piece !== unknown && this.encode(piece).includes(this.vocabulary.ids.get(unknown)!);
  }

  private unknown(piece: string): number {
    return this.vocabulary.ids.get(this.unknownField.text()) ?? missingUnknown(this.unknownField, piece);
  }
}
