import type { Guide } from './guide.ts';
import type { Opening } from './opening.ts';
import type { Sampling } from './sampling.ts';

export interface Prompt extends Opening {
  /** Names the text among all others, so that its random numbers are its own whatever batch it is in. */
  id: number;
}

export interface GenerateOptions<Way extends Sampling = Sampling> {
  maxNewTokens: number;
  /** Tokens that end a text; the one that does belongs to the completion. */
  eos: ReadonlySet<number>;
  sampling: Way;
  /** Opens a guide for each text; beam search has none. Training rollouts are the student's own, without any. */
  guide?: (() => Guide) | undefined;
  /** Called after every token with the texts that got one: for streaming. Beam search tells its texts once they are found. */
  onToken?(prompt: number, token: number): void;
  /** Stops at the next token; what is written so far is returned. */
  signal?: AbortSignal;
}

export interface Completion {
  tokens: Int32Array;
  /** Whether the text ended by itself rather than by its length. */
  ended: boolean;
}
