/** The parts of tokenizer.json in which the kinds of tokenizer differ. */
export interface TokenizerParts {
  readonly normalizer: object | null;
  readonly pre_tokenizer: object | null;
  readonly decoder: object;
  readonly model: object;
  /** Whether a text begins with BOS where the file does not say. */
  readonly addBos: boolean;
  /** Whether it ends with EOS then. */
  readonly addEos?: boolean;
}
