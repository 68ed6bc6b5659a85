import type { Score } from '../contract/events.ts';
import { bootstrap } from './bootstrap.ts';
import { Statistics } from './statistics.ts';

/** The metric of references that a model reads instead of writing: how surprised it is by a token of them. */
export const PERPLEXITY = 'perplexity';

/** Sums over the tokens of one text: negative log-likelihood and divergence, in nats; the divergence over those that were compared, which are all where it is not said. */
export interface JudgedText { tokens: number; loss: number; divergence: number; compared?: number }

/** exp of the mean negative log-likelihood a token, all tokens of all texts alike. @param texts  of each, its loss and its tokens */
export const perplexityOf = (texts: Statistics, seed: number): Score => bootstrap(texts, ([loss, tokens]) => Math.exp(loss! / tokens!), seed);

export const scorePerplexity = (texts: readonly JudgedText[], seed: number): Score =>
  perplexityOf(Statistics.of(texts.map(({ loss, tokens }) => [loss, tokens])), seed);

/** The mean of one of the sums a token, with its interval over texts. */
export const meanOfTokens = (texts: readonly JudgedText[], name: 'loss' | 'divergence', seed: number): Score =>
  bootstrap(Statistics.of(texts.map((text) => [text[name], name === 'divergence' ? text.compared ?? text.tokens : text.tokens])), ([sum, tokens]) => sum! / tokens!, seed);
