/** What tokenizes an example's texts: the tokenizer of the run's models. */
export interface PromptEncoder {
  /** With the special tokens that the tokenizer itself adds. */
  encodePrompt(text: string): readonly number[];
  /** Without special tokens. */
  encodeCompletion(text: string): readonly number[];
  readonly bosId: number | null;
  readonly eosId: number;
}

export interface TokenLimits { maxPromptTokens: number; maxCompletionTokens: number }

/** An example's tokens as they are learned from, and how many there were before any were cut off. */
export interface EncodedTexts {
  /** What the model writes behind. */
  prompt: Int32Array;
  /** What stands before the completion where it is learned: the prompt, unless the text as a whole begins otherwise. */
  context: Int32Array;
  /** Closed by EOS unless its end is cut off; empty where the example has no completion. */
  completion: Int32Array;
  /** Which tokens of the completion are learned, 1 or 0 each; null where all are. */
  learned: Uint8Array | null;
  promptLength: number;
  completionLength: number;
}

/** An over-long prompt loses its beginning, but not the BOS before it; an over-long completion loses its end. */
export function encodeTexts(texts: { prompt: string; completion: string | null }, encoder: PromptEncoder, limits: TokenLimits): EncodedTexts {
  const whole = encoder.encodePrompt(texts.prompt);
  const completion = texts.completion === null ? [] : [...encoder.encodeCompletion(texts.completion), encoder.eosId];
  const prompt = Int32Array.from(cutPrompt(whole, encoder.bosId, limits.maxPromptTokens));
  return {
    prompt,
    context: prompt,
    completion: Int32Array.from(completion.slice(0, limits.maxCompletionTokens)),
    learned: null,
    promptLength: whole.length,
    completionLength: completion.length,
  };
}

/** The last `limit` tokens of a prompt, behind its BOS. */
export function cutPrompt(tokens: readonly number[], bosId: number | null, limit: number): readonly number[] {
  if (tokens.length <= limit) return tokens;
  const opening = tokens[0] === bosId && limit > 1 ? [bosId] : [];
  return [...opening, ...tokens.slice(tokens.length - limit + opening.length)];
}
