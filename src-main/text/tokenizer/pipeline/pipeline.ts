import type { TokenizerKind } from '../../../contract/model-description.ts';
import type { JsonObject } from '../../../files/json-object.ts';
import { BYTE_TOKENS } from '../models/byte-tokens.ts';
import { readModel } from '../models/read-model.ts';
import type { TokenModel } from '../models/token-model.ts';
import { checkId } from '../models/vocabulary.ts';
import { readAddedToken } from './added-token.ts';
import { AddedVocabulary } from './added-vocabulary.ts';
import { readDecoder, type Decoder } from './decoders.ts';
import { BYTE_ALPHABET } from './byte-alphabet.ts';
import { Field } from './field.ts';
import type { Normalizer } from './normalizer.ts';
import { readNormalizer } from './normalizers.ts';
import { readPostProcessor, type Encoding, type PostProcessor } from './post-processors.ts';
import type { PreTokenizer } from './pieces.ts';
import { readPreTokenizer } from './pre-tokenizers.ts';

/**
 * What `tokenizer.json` says, as the tokenizers library of Python does it: added tokens are cut out, the rest is normalized, cut
 * into pieces and these into the model's tokens, and special tokens are put around. Its `truncation` and `padding` are settings
 * for batches and change no text.
 */
export class Pipeline {
  readonly kind: TokenizerKind;
  readonly model: TokenModel;
  readonly added: AddedVocabulary;
  private readonly normalizer: Normalizer;
  private readonly preTokenizer: PreTokenizer;
  private readonly postProcessor: PostProcessor;
  private readonly decoder: Decoder;
  /** Whether it has a token for every byte, as most have that are trained today: then nothing need be looked for. */
  private readonly writesAll: boolean;

  /** Throws a `Problem` that names `file` and the field that is wrong or not known. */
  constructor(json: JsonObject, file: string) {
    const field = new Field(json, file);
    this.normalizer = readNormalizer(field.at('normalizer'));
    this.preTokenizer = readPreTokenizer(field.at('pre_tokenizer'));
    this.postProcessor = readPostProcessor(field.at('post_processor'));
    this.decoder = readDecoder(field.at('decoder'));
    this.model = readModel(field.at('model'));
    const isByteLevel = !field.at('decoder').isAbsent && field.at('decoder').at('type').value === 'ByteLevel';
    this.kind = this.model.kind === 'BPE' && isByteLevel ? 'byte-level BPE' : this.model.kind;
    const turnsIntoBytes = /"type":"ByteLevel"/.test(JSON.stringify([json['pre_tokenizer'], json['normalizer']]));
    const bytes = turnsIntoBytes ? BYTE_ALPHABET : field.at('model').at('byte_fallback').flag(false) ? BYTE_TOKENS : null;
    this.writesAll = bytes?.every((byte) => this.model.vocabulary.ids.has(byte)) ?? false;
    this.added = new AddedVocabulary(this.model, this.normalizer, field.at('added_tokens'));
    if (!field.at('added_tokens').isAbsent) this.readAdded(field.at('added_tokens').list());
  }

  /** The tokens' ids must be those that the tokenizers library gives them, which numbers new ones behind the vocabulary. */
  private readAdded(fields: readonly Field[]): void {
    this.added.add(fields.map(readAddedToken));
    for (const field of fields) {
      const { content } = readAddedToken(field);
      const { value } = field.at('id');
      checkId(value, field, content);
      const id = this.idOf(content);
      if (id !== undefined && id !== value) field.refuse(`gives ${JSON.stringify(content)} the id ${value}, and by its place it has the id ${id}`);
    }
  }

  /** The ids of one text or two. */
  encode(texts: readonly string[], special: boolean): Encoding {
    const encoded = texts.map((text, type) => {
      const ids = this.idsOf(wellFormed(text));
      return { ids, types: ids.map(() => type) };
    });
    return this.postProcessor.apply(encoded, special);
  }

  /** The text of ids; those that no token has give nothing. */
  decode(ids: readonly number[], skipSpecial: boolean): string {
    const tokens = ids.flatMap((id) => {
      const token = this.added.formOf(id) ?? this.model.vocabulary.tokens[id];
      return token === undefined || (skipSpecial && this.added.isSpecial(token)) ? [] : [token];
    });
    return tokens.length === 0 ? '' : this.decoder(tokens).join('');
  }

  idOf(token: string): number | undefined {
    return this.added.ids.get(token) ?? this.model.vocabulary.ids.get(token);
  }

  tokenOf(id: number): string | undefined {
    return this.added.tokens.get(id)?.content ?? this.model.vocabulary.tokens[id];
  }

  /** Whether no token writes some part of a text, which is left out or becomes the token for what is unknown. */
  misses(text: string): boolean {
    return !this.writesAll && this.piecesOf(text).some((piece) => typeof piece === 'string' && this.model.misses(piece));
  }

  private idsOf(text: string): number[] {
    return this.piecesOf(text).flatMap((piece) => (typeof piece === 'number' ? [piece] : this.model.encode(piece) as number[]));
  }

  /** What the model is to write, and between that the ids of added tokens. */
  private piecesOf(text: string): (string | number)[] {
    return this.added.sectionsAsWritten(text).flatMap(({ text: section, start, id }) => (id === null ? this.piecesOfSection(section, start === 0) : [id]));
  }

  private piecesOfSection(section: string, atStart: boolean): (string | number)[] {
    const normalized = this.normalizer.apply(section);
    return this.added.sectionsOfNormalized(normalized).flatMap(({ text, start, id }): (string | number)[] => {
      if (id !== null) return [id];
      const pieces = this.preTokenizer([{ text, atStart: atStart && start === 0 && this.normalizer.keepsStart(section) }]);
      return pieces.map((piece) => piece.text);
    });
  }
}

/** A half of a surrogate pair is no character; as UTF-8 it would be a replacement mark. */
function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd');
}
