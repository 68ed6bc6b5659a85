import type { BeamSettings } from './sampling.ts';

/** A text that beam search has found, and its log-probability divided by its length to the power of the penalty. */
export interface Hypothesis { tokens: readonly number[]; ended: boolean; score: number }

/** Log-probabilities of a beam's next token: of every one, or of the likeliest by rising id. */
export type NextLogprobs = Float32Array | { readonly ids: ArrayLike<number>; readonly logprobs: ArrayLike<number> };

interface Beam { tokens: readonly number[]; logprob: number }

/** What goes on: for each beam the one it continues, and the token it continues it with. */
export interface Advance { from: number[]; tokens: number[] }

/**
 * Beam search for one prompt, as `transformers` defines it (GenerationMixin._beam_search): of the continuations of all
 * beams the likeliest that do not end go on; those among the first that end are kept if their score is among the best.
 */
export class BeamSearch {
  private readonly settings: BeamSettings;
  private readonly maxNewTokens: number;
  private readonly eos: ReadonlySet<number>;
  private beams: Beam[] = [{ tokens: [], logprob: 0 }];
  private finished: Hypothesis[] = [];
  private canImprove = true;

  constructor(settings: BeamSettings, maxNewTokens: number, eos: ReadonlySet<number>) {
    this.settings = settings;
    this.maxNewTokens = maxNewTokens;
    this.eos = eos;
  }

  /** How many of the likeliest continuations of each beam may count. */
  get width(): number {
    return Math.max(2, 1 + this.eos.size) * this.settings.beams;
  }

  /**
   * Takes the log-probabilities of each beam's next token: of one beam at first, of as many as go on afterwards.
   * @param logprobs  of every token [vocabulary], or of the `width` likeliest
   * @returns how the beams go on, or null when the search is over
   */
  advance(logprobs: readonly NextLogprobs[]): Advance | null {
    const { beams, lengthPenalty, earlyStopping } = this.settings;
    const length = this.beams[0]!.tokens.length + 1;
    const candidates = best(this.beams, logprobs, this.width).map(({ from, token, logprob }) => ({
      from, token, logprob, ended: this.eos.has(token), stops: this.eos.has(token) || length === this.maxNewTokens,
    }));

    const isFull = this.isFull();
    if (this.canImprove && !(isFull && earlyStopping === 'first')) {
      const added = candidates.slice(0, beams).filter(({ stops }) => stops).map(({ from, token, logprob, ended }): Hypothesis => (
        { tokens: [...this.beams[from]!.tokens, token], ended, score: logprob / length ** lengthPenalty }));
      this.finished = [...this.finished, ...added].sort((a, b) => b.score - a.score).slice(0, beams);
    }

    const going = candidates.filter(({ stops }) => !stops).slice(0, beams);
    if (going.length === 0) return null;
    const before = this.beams;
    this.beams = going.map(({ from, token, logprob }) => ({ tokens: [...before[from]!.tokens, token], logprob }));
    this.canImprove &&= this.mayImprove(length);
    if (!this.canImprove || (this.isFull() && earlyStopping === 'first')) return null;
    return { from: going.map(({ from }) => from), tokens: going.map(({ token }) => token) };
  }

  /** The texts found, best first; where none has ended, those that were going on. */
  results(): Hypothesis[] {
    if (this.finished.length > 0) return this.finished;
    return this.beams.map(({ tokens, logprob }) => ({ tokens, ended: false, score: logprob }));
  }

  private isFull(): boolean {
    return this.finished.length === this.settings.beams;
  }

  /** Whether a beam may still come to a better score than the worst that is kept. */
  private mayImprove(length: number): boolean {
    if (!this.isFull()) return true;
    const { lengthPenalty, earlyStopping } = this.settings;
    // With a positive penalty a long text may gain from its length; otherwise the present length stands for what is to come.
    const hoped = earlyStopping === 'never' && lengthPenalty > 0 ? this.maxNewTokens : length;
    return this.beams[0]!.logprob / hoped ** lengthPenalty > this.finished.at(-1)!.score;
  }
}

interface Continuation { from: number; token: number; logprob: number }

/** The `count` likeliest continuations of all beams, likeliest first. */
function best(beams: readonly Beam[], logprobs: readonly NextLogprobs[], count: number): Continuation[] {
  const kept: Continuation[] = [];
  let least = -Infinity;
  const add = (from: number, token: number, logprob: number): void => {
    let at = kept.length;
    while (at > 0 && kept[at - 1]!.logprob < logprob) at--;
    kept.splice(at, 0, { from, token, logprob });
    if (kept.length > count) kept.pop();
    if (kept.length === count) least = kept[count - 1]!.logprob;
  };
  beams.forEach(({ logprob: before }, from) => {
    const row = logprobs[from]!;
    const [ids, values] = row instanceof Float32Array ? [null, row] : [row.ids, row.logprobs];
    for (let place = 0; place < values.length; place++) {
      const logprob = before + values[place]!;
      if (logprob > least) add(from, ids ? ids[place]! : place, logprob);
    }
  });
  return kept;
}
