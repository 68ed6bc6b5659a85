import type { Score } from '../contract/events.ts';
import { bootstrap } from './bootstrap.ts';

/** The metric that two models are needed for: how much of what a student drafts its teacher accepts. */
export const ACCEPTANCE = 'acceptance';
/** What it reports besides its own number. */
export const TOKENS_PER_CALL = 'tokens-per-call';

/** What came of drafting one text; at least one drafted token was judged. */
export interface Drafting { tokens: ArrayLike<number>; judged: number; accepted: number; calls: number }

/** How long a text took to write. */
export interface Timing { tokens: ArrayLike<number>; ms: number }

/**
 * `acceptance`, the share of judged tokens that stay (alpha in Leviathan et al. 2023), and `tokens-per-call`, the tokens
 * that one run of the teacher brings; alone it brings one.
 */
export function scoreDrafting(texts: readonly Drafting[], seed: number): Record<string, Score> {
  return {
    [ACCEPTANCE]: ratio(texts.map(({ accepted, judged }) => [accepted, judged]), seed),
    [TOKENS_PER_CALL]: ratio(texts.map(({ tokens, calls }) => [tokens.length, calls]), seed),
  };
}

/** `speed-up`: the time of a token without drafts by its time with them. Both wrote to the same prompts, in order. */
export function scoreSpeed(alone: readonly Timing[], drafted: readonly Timing[], seed: number): Record<string, Score> {
  const statistics = alone.map((text, at) => [text.ms, text.tokens.length, drafted[at]!.ms, drafted[at]!.tokens.length]);
  return { 'speed-up': bootstrap(statistics, ([ms, tokens, draftedMs, draftedTokens]) => ms! / tokens! / (draftedMs! / draftedTokens!), seed) };
}

const ratio = (pairs: readonly (readonly [number, number])[], seed: number): Score => bootstrap(pairs, ([part, whole]) => part! / whole!, seed);
