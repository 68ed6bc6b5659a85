import { draw } from './processors.ts';

/** What becomes of a draft: how many of its tokens stay, and the token that follows them. */
export interface Verdict { accepted: number; next: number }

/** The numbers in [0, 1) that decide about the token at a place of the draft. */
export interface Chance { accept(place: number): number; next(place: number): number }

/**
 * Speculative sampling (Leviathan et al. 2023, arXiv 2211.17192, Algorithm 1): a token that the draft drew from q stays
 * with probability min(1, p / q); the first that does not is drawn anew from max(0, p - q) in proportion; behind a
 * draft that stays whole comes one token more, from p. So every token is distributed as p.
 *
 * @param draft  tokens, each drawn from its row of `drafted`
 * @param drafted  the q of each token, [vocabulary]
 * @param wanted   the p of each token and of the one behind them, [vocabulary]
 */
export function verify(draft: readonly number[], drafted: readonly Float64Array[], wanted: readonly Float64Array[], chance: Chance): Verdict {
  for (const [place, token] of draft.entries()) {
    const p = wanted[place]!;
    const q = drafted[place]!;
    if (chance.accept(place) * q[token]! < p[token]!) continue;
    return { accepted: place, next: draw(p.map((probability, id) => Math.max(0, probability - q[id]!)), chance.next(place)) };
  }
  return { accepted: draft.length, next: draw(wanted[draft.length]!, chance.next(draft.length)) };
}
