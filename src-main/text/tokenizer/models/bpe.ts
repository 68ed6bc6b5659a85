import type { Field } from '../pipeline/field.ts';
import { byteTokens } from './byte-tokens.ts';
import { Merges, readMerges } from './merges.ts';
import type { TokenModel } from './token-model.ts';
import { readVocabulary, type Vocabulary } from './vocabulary.ts';

/** Words longer than this, in code units, are not remembered. */
const LONGEST_REMEMBERED = 256;
const REMEMBERED = 10_000;

/** Byte pair encoding: a word's characters, joined by the rules in the order of their rank. */
export class Bpe implements TokenModel {
  readonly kind = 'BPE';
  readonly vocabulary: Vocabulary;
  readonly size: number;
  /** The two tokens of each rule, in the order of the ranks. */
  readonly rules: readonly (readonly [string, string])[];
  private readonly merges: Merges;
  private readonly unknown: number | null;
  private readonly fuses: boolean;
  private readonly writesBytes: boolean;
  private readonly takesWhole: boolean;
  private readonly prefix: string;
  private readonly suffix: string;
  private readonly remembered = new Map<string, readonly number[]>();

  constructor(field: Field) {
    const dropout = field.at('dropout');
    if (!dropout.isAbsent && dropout.value !== 0) dropout.refuse('is set, which would write a text otherwise each time; set it to null');
    this.vocabulary = readVocabulary(field.at('vocab'));
    this.size = this.vocabulary.ids.size;
    this.prefix = optionalText(field.at('continuing_subword_prefix'));
    this.suffix = optionalText(field.at('end_of_word_suffix'));
    this.fuses = field.at('fuse_unk').flag(false);
    this.writesBytes = field.at('byte_fallback').flag(false);
    this.takesWhole = field.at('ignore_merges').flag(false);
    const unknown = field.at('unk_token');
    this.unknown = unknown.isAbsent ? null : this.vocabulary.ids.get(unknown.text()) ?? unknown.refuse(`is ${JSON.stringify(unknown.value)}, which is not in the vocabulary`);
    this.rules = readMerges(field.at('merges'));
    this.merges = new Merges(this.rules, this.vocabulary.ids, this.prefix.length, field.at('merges'));
  }

  encode(piece: string): readonly number[] {
    const whole = this.takesWhole ? this.vocabulary.ids.get(piece) : undefined;
    if (whole !== undefined) return [whole];
    const known = this.remembered.get(piece);
    if (known) return known;
    const ids = this.merges.apply(this.characters(piece));
    if (piece.length <= LONGEST_REMEMBERED) {
      if (this.remembered.size >= REMEMBERED) this.remembered.clear();
      this.remembered.set(piece, ids);
    }
    return ids;
  }

  misses(piece: string): boolean {
    if (this.takesWhole && this.vocabulary.ids.has(piece)) return false;
    for (const token of this.spelled(piece)) {
      if (!this.vocabulary.ids.has(token) && !(this.writesBytes && byteTokens(token, this.vocabulary.ids))) return true;
    }
    return false;
  }

  /** Its characters as the vocabulary spells them at their places. */
  private *spelled(piece: string): Generator<string> {
    let at = 0;
    for (const character of piece) {
      const isLast = at + character.length === piece.length;
      yield `${at === 0 ? '' : this.prefix}${character}${isLast ? this.suffix : ''}`;
      at += character.length;
    }
  }

  /**
   * A token for each character. As in the tokenizers library the token of an unknown character waits for the next known one,
   * behind the bytes of characters between them, and without such a token an unknown character is left out.
   */
  private characters(piece: string): number[] {
    const ids: number[] = [];
    let waiting = false;
    const flush = (): void => {
      if (waiting) ids.push(this.unknown!);
      waiting = false;
    };
    for (const token of this.spelled(piece)) {
      const id = this.vocabulary.ids.get(token);
      const bytes = id === undefined && this.writesBytes ? byteTokens(token, this.vocabulary.ids) : null;
      if (id !== undefined) {
        flush();
        ids.push(id);
      } else if (bytes) {
        ids.push(...bytes);
      } else if (this.unknown !== null) {
        if (!this.fuses) flush();
        waiting = true;
      }
    }
    flush();
    return ids;
  }
}

function optionalText(field: Field): string {
  return field.isAbsent ? '' : field.text();
}
