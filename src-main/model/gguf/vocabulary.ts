import { Problem } from '../../contract/problem.ts';
import type { Metadata } from './metadata.ts';

/** Values of `tokenizer.ggml.token_type`. */
const TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

const PREFIX = 'tokenizer.ggml.';

/** Tokens and their roles, as every kind of tokenizer in a GGUF file has them. */
export class Vocabulary {
  readonly metadata: Metadata;
  readonly tokens: readonly string[];
  private readonly types: readonly number[];

  /** Throws a `Problem` for a list that is missing or does not fit the model's `vocabSize` embeddings. */
  constructor(metadata: Metadata, vocabSize: number) {
    this.metadata = metadata;
    this.tokens = metadata.required(`${PREFIX}tokens`, metadata.texts(`${PREFIX}tokens`));
    this.types = metadata.numbers(`${PREFIX}token_type`) ?? this.tokens.map(() => TYPE.normal);
    if (this.tokens.length > vocabSize) {
      throw new Problem(`${metadata.path} has ${this.tokens.length} tokens, but embeddings for only ${vocabSize}`);
    }
    if (this.types.length !== this.tokens.length) {
      throw new Problem(`${metadata.path} has ${this.tokens.length} tokens, but types for ${this.types.length}`);
    }
  }

  /** Ids by token; of two equal tokens the later one counts, as in llama.cpp. What fills up the embedding's rows is no token. */
  ids(): Map<string, number> {
    return new Map(this.tokens.map((token, id) => [token, id] as const).filter(([token, id]) => !(this.types[id] === TYPE.unused && token === `[PAD${id}]`)));
  }

  isNormal(id: number): boolean {
    return this.types[id] === TYPE.normal;
  }

  isByte(id: number): boolean {
    return this.types[id] === TYPE.byte;
  }

  /** Tokens that are found in a text before it is split: special ones, and those that users of the model have added. */
  addedTokens(): AddedToken[] {
    const special = new Set(Object.values(this.specialIds()));
    const added = [...this.types.keys()].filter((id) => special.has(id) || [TYPE.control, TYPE.unknown, TYPE.userDefined].some((type) => type === this.types[id]));
    return added.map((id) => ({
      id, content: this.tokens[id]!, single_word: false, lstrip: false, rstrip: false, normalized: false,
      special: special.has(id) || this.types[id] !== TYPE.userDefined,
    }));
  }

  /** Ids of the tokens with a role, of those roles that are filled. */
  specialIds(): Partial<Record<SpecialRole, number>> {
    const ids = Object.entries(ROLE_KEYS).map(([role, key]) => [role, this.specialId(key)] as const);
    return Object.fromEntries(ids.filter(([, id]) => id !== undefined));
  }

  /** What stands for what no token can, by its role or its type. */
  unknownId(): number | null {
    const typed = this.types.indexOf(TYPE.unknown);
    return this.specialIds().unk ?? (typed < 0 ? null : typed);
  }

  /** Ids after which generation ends. */
  endIds(): number[] {
    const ids = ['eos_token_id', 'eot_token_id', 'eom_token_id'].map((key) => this.specialId(key));
    return [...new Set(ids.filter((id) => id !== undefined))];
  }

  private specialId(key: string): number | undefined {
    const id = this.metadata.number(PREFIX + key);
    // Absent ones are sometimes written as -1.
    if (id === undefined || id === -1 || id === 0xffffffff) return undefined;
    if (this.tokens[id] === undefined) throw new Problem(`${this.metadata.path}: ${PREFIX}${key} is ${id}, but there are ${this.tokens.length} tokens`);
    return id;
  }
}

/** As in tokenizer.json. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

const ROLE_KEYS = { bos: 'bos_token_id', eos: 'eos_token_id', unk: 'unknown_token_id', pad: 'padding_token_id' } as const;
export type SpecialRole = keyof typeof ROLE_KEYS;
