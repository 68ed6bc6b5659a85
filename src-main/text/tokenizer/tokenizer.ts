import { BPE, ByteLevelDecoder, Tokenizer as Backend, Unigram, WordPiece } from '@huggingface/tokenizers';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { TokenizerKind } from '../../contract/model-description.ts';
import { Problem } from '../../contract/problem.ts';
import { isJsonObject, type JsonObject } from '../../files/json-object.ts';
import { readJsonFile } from '../../files/json-file.ts';
import { readSpecialTokens, type SpecialTokens } from './special-tokens.ts';

export class Tokenizer {
  readonly kind: TokenizerKind;
  /** Ids that end a text, the tokenizer's own EOS first; empty if no file names one. */
  readonly eosIds: readonly number[];
  readonly bosId: number | null;
  readonly padId: number | null;
  /** Texts of the special tokens by their role (bos_token, eos_token, ...). */
  readonly specialTexts: Readonly<Record<string, string>>;
  /** One more than the largest id. An embedding may have more rows. */
  readonly vocabularySize: number;
  /** The same for two tokenizers that encode every text alike because their files say the same. */
  readonly identity: string;
  private readonly backend: Backend;
  private readonly cleansUp: boolean;

  constructor(backend: Backend, kind: TokenizerKind, special: SpecialTokens, cleansUp: boolean, identity: string) {
    this.backend = backend;
    this.identity = identity;
    this.kind = kind;
    this.eosIds = special.eosIds;
    this.bosId = special.bosId;
    this.padId = special.padId;
    this.specialTexts = special.texts;
    this.cleansUp = cleansUp;
    let size = 0;
    for (const id of backend.get_vocab().values()) size = Math.max(size, id + 1);
    this.vocabularySize = size;
  }

  /**
   * `special`: with the tokens that `tokenizer.json` puts around a text (as in Transformers 5, `add_bos_token` in
   * `tokenizer_config.json` has no say). Special tokens within the text count as such.
   */
  encode(text: string, { special }: { special: boolean }): number[] {
    const { ids } = this.backend.encode(text, { add_special_tokens: special });
    // Without an unknown token, what the vocabulary lacks has no id.
    return ids.filter((id: number | undefined) => id !== undefined);
  }

  /** Two texts as one input, as `tokenizer.json` joins them, and which of the two each token belongs to. */
  encodePair(first: string, second: string): { ids: number[]; types: number[] } {
    const { ids, token_type_ids: types } = this.backend.encode(first, { text_pair: second, return_token_type_ids: true });
    return { ids, types };
  }

  /** Ids outside the vocabulary, which a model with a padded embedding may write, give nothing. */
  decode(ids: readonly number[], { skipSpecial }: { skipSpecial: boolean }): string {
    const known = ids.filter((id) => this.backend.id_to_token(id) !== undefined);
    if (known.length === 0) return '';
    return this.backend.decode(known, { skip_special_tokens: skipSpecial, clean_up_tokenization_spaces: this.cleansUp });
  }

  /** One token's text as it stands within a text, with its leading space; a part of a character shows as �. */
  tokenText(id: number): string {
    // Some decoders drop the space before the first token, so another one goes first.
    const anchor = this.encode('a', { special: false }).slice(0, 1);
    return this.decode([...anchor, id], { skipSpecial: false }).slice(this.decode(anchor, { skipSpecial: false }).length);
  }

  /** The vocabulary's own spelling of an id. */
  tokenOf(id: number): string | undefined {
    return this.backend.id_to_token(id);
  }

  /** Ids of the tokens that were added to the vocabulary, special or not. */
  addedIds(): number[] {
    return [...this.backend.get_added_tokens_decoder().keys()];
  }

  /** Ids of the special tokens, as `tokenizer.json` marks them. */
  specialIds(): number[] {
    return [...this.backend.get_added_tokens_decoder().values()].filter(({ special }) => special).map(({ id }) => id);
  }

  /** The rules that join two tokens into one, in the order of their rank; none for other models than BPE. */
  merges(): readonly string[] {
    return this.backend.model instanceof BPE ? this.backend.model.merges.map((pair) => pair.join(' ')) : [];
  }
}

/** Reads the tokenizer of a model folder. Throws a `Problem` where a file is missing or not understood. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const path = join(folder, 'tokenizer.json');
  const json = await readJsonFile(path);
  if (!json) {
    throw new Problem(`${folder} has no tokenizer.json`, {
      hint: 'Save the tokenizer with Transformers\' save_pretrained, which writes it.',
    });
  }
  const config = await readJsonFile(join(folder, 'tokenizer_config.json')) ?? {};
  let backend: Backend;
  try {
    backend = new Backend(withAddedTokens(json, config), config);
  } catch (cause) {
    throw new Problem(`${path} is not understood: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const kind = kindOf(backend);
  // Otherwise the library would take whole words for tokens.
  if (kind === null) throw new Problem(`${path} is not understood: its model is none of BPE, Unigram and WordPiece`);
  const special = await readSpecialTokens(folder, config, (token) => backend.token_to_id(token));
  // Transformers leaves the spaces of BPE texts alone, whatever the config says.
  const cleansUp = config['clean_up_tokenization_spaces'] === true && !(backend.model instanceof BPE);
  const identity = createHash('sha256').update(JSON.stringify([json, config, special])).digest('hex');
  return new Tokenizer(backend, kind, special, cleansUp, identity);
}

function kindOf({ model, decoder }: Backend): TokenizerKind | null {
  if (model instanceof BPE) return decoder instanceof ByteLevelDecoder ? 'byte-level BPE' : 'BPE';
  if (model instanceof Unigram) return 'Unigram';
  return model instanceof WordPiece ? 'WordPiece' : null;
}

/** `tokenizer_config.json` may name added tokens that `tokenizer.json` lacks. */
function withAddedTokens(json: JsonObject, config: JsonObject): JsonObject {
  const own = Array.isArray(json['added_tokens']) ? json['added_tokens'] as { id?: unknown }[] : [];
  const known = new Set(own.map(({ id }) => id));
  const more = Object.entries(isJsonObject(config['added_tokens_decoder']) ? config['added_tokens_decoder'] : {})
    .flatMap(([id, token]) => (known.has(Number(id)) || !isJsonObject(token) ? [] : [{ ...token, id: Number(id) }]));
  return { ...json, added_tokens: [...own, ...more] };
}
