import { z } from 'zod';

export const idSchema = z.int().nonnegative().max(2 ** 31 - 1);

/** A text whose tokens from `from` on are asked about. */
export interface AskedText { readonly ids: readonly number[]; readonly from: number }

/** A token and its log-probability, in nats. */
export interface ToldToken { readonly id: number; readonly logprob: number }

/** What a server tells of one place of a text: its likeliest tokens, the likeliest first, and the one that is written there. */
export interface TokenAnswer { readonly likeliest: readonly ToldToken[]; readonly written: ToldToken }

/** What a model behind a server wrote. */
export interface WrittenTokens { readonly tokens: readonly number[]; readonly ended: boolean }

/** How texts are written. */
export interface WritingSettings {
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP?: number | undefined;
  readonly seed: number;
  /** Tokens that end a text. */
  readonly eos: readonly number[];
}

/** A server that works with tokens. */
export interface TokenServer {
  /** Asks about texts in one request. @returns an answer for each token asked about, text by text */
  judge(texts: readonly AskedText[], signal?: AbortSignal): Promise<TokenAnswer[][]>;
  /** Lets it go on behind each prompt, in one request. */
  write(prompts: readonly (readonly number[])[], settings: WritingSettings, signal?: AbortSignal): Promise<WrittenTokens[]>;
}

/** What stands for a probability that was rounded to nothing. */
export const LEAST = -9999;

export const likeliestFirst = (tokens: ToldToken[]): ToldToken[] => tokens.sort((a, b) => b.logprob - a.logprob || a.id - b.id);
