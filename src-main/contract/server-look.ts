/** What a server turned out to be when it was tried. */
export interface ServerLook {
  model: string;
  /** Longest text that it reads; null where it does not say. */
  contextLength: number | null;
  /** Whether it cuts texts as the student does: `unknown` where it does not say, or there is no student yet. */
  tokenizer: 'same' | 'unknown';
  /** The likeliest tokens that it told of a place; null of a service that only writes. */
  topLogprobs: number | null;
  /** Tokens that it judged, or wrote, in a second; null where nothing was asked of it, as no student says in which tokens. */
  tokensPerSecond: number | null;
}
