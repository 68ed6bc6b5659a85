import { createHash } from 'node:crypto';
import type { TokenizerKind } from '../../contract/model-description.ts';
import { Problem } from '../../contract/problem.ts';
import { inFolder, type Companions } from '../companions.ts';
import { refuseHalves } from '../half-characters.ts';
import { addConfiguredTokens } from './configured-tokens.ts';
import { Bpe } from './models/bpe.ts';
import { Pipeline } from './pipeline/pipeline.ts';
import { tidied } from './pipeline/tidied.ts';
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
  private readonly pipeline: Pipeline;
  private readonly cleansUp: boolean;
  private readonly files: readonly unknown[];
  private hash: string | null = null;

  /** `files`: what the files hold that the tokenizer was read from. */
  constructor(pipeline: Pipeline, special: SpecialTokens, cleansUp: boolean, files: readonly unknown[]) {
    this.pipeline = pipeline;
    this.files = files;
    this.kind = pipeline.kind;
    this.eosIds = special.eosIds;
    this.bosId = special.bosId;
    this.padId = special.padId;
    this.specialTexts = special.texts;
    this.cleansUp = cleansUp;
    this.vocabularySize = this.addedIds().reduce((size, id) => Math.max(size, id + 1), pipeline.model.vocabulary.tokens.length);
  }

  /** The same for two tokenizers that encode every text alike because their files say the same. */
  get identity(): string {
    return this.hash ??= createHash('sha256').update(JSON.stringify(this.files)).digest('hex');
  }

  /**
   * `special`: with the tokens that `tokenizer.json` puts around a text (as in Transformers 5, `add_bos_token` in
   * `tokenizer_config.json` has no say). Special tokens within the text count as such. @throws Problem for half of a character
   */
  encode(text: string, { special }: { special: boolean }): number[] {
    refuseHalves(text, 'The text');
    return this.pipeline.encode([text], special).ids;
  }

  /**
   * Of the first word of a text that no tokens write, the character to blame, or the word where none is; null where all is written.
   * What is missed is left out, or becomes the token for what is unknown: the model never sees it.
   */
  missed(text: string): string | null {
    if (!this.pipeline.misses(text)) return null;
    const isMissed = (part: string): boolean => this.pipeline.misses(part);
    const word = text.split(/\s+/u).find((part) => part !== '' && isMissed(part));
    if (word !== undefined && this.kind === 'WordLevel') return word;
    return [...word ?? text].find(isMissed) ?? word ?? text;
  }

  /** Two texts as one input, as `tokenizer.json` joins them, and which of the two each token belongs to. */
  encodePair(first: string, second: string): { ids: number[]; types: number[] } {
    return this.pipeline.encode([first, second], true);
  }

  /** Ids outside the vocabulary, which a model with a padded embedding may write, give nothing. */
  decode(ids: readonly number[], { skipSpecial }: { skipSpecial: boolean }): string {
    const text = this.pipeline.decode(ids, skipSpecial);
    return this.cleansUp ? tidied(text) : text;
  }

  /** One token's text as it stands within a text, with its leading space; a part of a character shows as �. */
  tokenText(id: number): string {
    // Some decoders drop the space before the first token, so another one goes first.
    const anchor = this.encode('a', { special: false }).slice(0, 1);
    return this.decode([...anchor, id], { skipSpecial: false }).slice(this.decode(anchor, { skipSpecial: false }).length);
  }

  /** The vocabulary's own spelling of an id. */
  tokenOf(id: number): string | undefined {
    return this.pipeline.tokenOf(id);
  }

  idOf(token: string): number | undefined {
    return this.pipeline.idOf(token);
  }

  /** Ids of the tokens that were added to the vocabulary, special or not. */
  addedIds(): number[] {
    return [...this.pipeline.added.tokens.keys()];
  }

  /** Ids of the special tokens, as `tokenizer.json` marks them. */
  specialIds(): number[] {
    return [...this.pipeline.added.tokens].filter(([, { special }]) => special).map(([id]) => id);
  }

  /** The rules that join two tokens into one, in the order of their rank; none for other models than BPE. */
  merges(): readonly string[] {
    return this.pipeline.model instanceof Bpe ? this.pipeline.model.rules.map((pair) => pair.join(' ')) : [];
  }
}

/** Reads the tokenizer of a model. Throws a `Problem` where a file is missing or not understood. @param model  its folder, or its files */
export async function loadTokenizer(model: string | Companions): Promise<Tokenizer> {
  const files = typeof model === 'string' ? inFolder(model) : model;
  const json = await files.json('tokenizer.json');
  if (!json) {
    throw new Problem(`${files.model} has no tokenizer.json`, {
      hint: 'Save the tokenizer with Transformers\' save_pretrained, which writes it.',
    });
  }
  const config = await files.json('tokenizer_config.json') ?? {};
  const pipeline = new Pipeline(json, files.pathOf('tokenizer.json'));
  await addConfiguredTokens(files, config, pipeline.added);
  const special = await readSpecialTokens(files, config, (token) => pipeline.idOf(token));
  // Transformers leaves the spaces of BPE texts alone, whatever the config says.
  const cleansUp = config['clean_up_tokenization_spaces'] === true && !(pipeline.model instanceof Bpe);
  return new Tokenizer(pipeline, special, cleansUp, [json, config, special]);
}
