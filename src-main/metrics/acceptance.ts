import type { Score } from '../contract/events.ts';
import { bootstrap, bootstrapAll } from './bootstrap.ts';
import { Statistics } from './statistics.ts';

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
 * that one run of the teacher brings; alone it brings one. Texts come some at a time.
 */
export class RunningDrafts {
  private readonly texts = new Statistics();

  add(texts: readonly Drafting[]): void {
    for (const { accepted, judged, tokens, calls } of texts) this.texts.add([accepted, judged, tokens.length, calls]);
  }

  all(seed: number): Record<string, Score> {
    const [acceptance, perCall] = bootstrapAll([
      { statistics: this.texts, score: ([accepted, judged]) => accepted! / judged! },
      { statistics: this.texts, score: ([, , tokens, calls]) => tokens! / calls! },
    ], seed);
    return { [ACCEPTANCE]: acceptance!, [TOKENS_PER_CALL]: perCall! };
  }
}

export function scoreDrafting(texts: readonly Drafting[], seed: number): Record<string, Score> {
  const drafts = new RunningDrafts();
  drafts.add(texts);
  return drafts.all(seed);
}

/** `speed-up`: the time of a token without drafts by its time with them. Texts come some at a time. */
export class RunningSpeed {
  private readonly texts = new Statistics();

  /** Both wrote to the same prompts, in order. */
  add(alone: readonly Timing[], drafted: readonly Timing[]): void {
    for (const [at, text] of alone.entries()) this.texts.add([text.ms, text.tokens.length, drafted[at]!.ms, drafted[at]!.tokens.length]);
  }

  all(seed: number): Record<string, Score> {
    return { 'speed-up': bootstrap(this.texts, ([ms, tokens, draftedMs, draftedTokens]) => ms! / tokens! / (draftedMs! / draftedTokens!), seed) };
  }
}
