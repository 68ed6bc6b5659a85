/** What cuts an example's text into tokens: the tokenizer of the run's models. */
export interface TextEncoder {
  /** Without special tokens of its own. */
  encode(text: string): readonly number[];
  /** What a model is given when it writes, with the special tokens that the tokenizer itself adds. */
  encodePrompt(text: string): readonly number[];
  decode(ids: readonly number[]): string;
  /** Special tokens that the tokenizer puts before a text. */
  opening: readonly number[];
  bosId: number | null;
  /** Ends a text that does not end by itself. */
  eosId: number;
  /** All that end a text. */
  eosIds: readonly number[];
  specialIds: ReadonlySet<number>;
  /** An encoder reads the prompt and a decoder writes: these are two texts. */
  isApart: boolean;
  /** Whether the text's own end, where it has one, is the end of what is learned: so with chats. */
  endsItself: boolean;
}
