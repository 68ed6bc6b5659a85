import { uniform, type Purpose } from '../contract/random.ts';
import type { DraftedText } from './drafts.ts';
import type { Completion } from './writing.ts';
import type { TokenSampling } from './sampling.ts';

export interface SpeculateOptions {
  maxNewTokens: number;
  eos: ReadonlySet<number>;
  /** Of both models; its own random numbers are not asked. */
  sampling: TokenSampling;
  /** Most tokens that are drafted before the teacher looks (gamma). */
  draftTokens: number;
  seed: number;
  signal?: AbortSignal;
}

/** A text that two models have written, and what came of the drafts. */
export interface Speculated extends Completion {
  /** Drafted tokens that the teacher has decided on: those that stayed, and the first of a draft that did not. */
  judged: number;
  accepted: number;
  /** How often the teacher was run. */
  calls: number;
}

/**
 * One completion, distributed exactly as the teacher's own: the student drafts, the teacher looks at the whole draft in
 * one run (see `verify`).
 */
export async function speculate(text: DraftedText, id: number, { maxNewTokens, eos, draftTokens, seed, signal }: Omit<SpeculateOptions, 'sampling'>): Promise<Speculated> {
  // Numbers belong to the token's place in the text. Of a draft's tail that nobody looked at they may come again.
  const chance = (purpose: Purpose, index: number): number => uniform(seed, { purpose, example: id, index });
  const said = { tokens: [] as number[], judged: 0, accepted: 0, calls: 0 };
  const isEnded = (): boolean => eos.has(said.tokens.at(-1)!);
  while (said.tokens.length < maxNewTokens && !isEnded() && !signal?.aborted) {
    const { tokens } = said;
    const draft: number[] = [];
    // The teacher always adds a token of its own.
    while (draft.length < Math.min(draftTokens, maxNewTokens - tokens.length - 1) && !eos.has(draft.at(-1)!)) {
      draft.push(await text.draft([...tokens, ...draft], chance('draft', tokens.length + draft.length)));
    }
    const { accepted, next } = await text.judge(tokens, draft, {
      accept: (place) => chance('accept', tokens.length + place),
      next: (place) => chance('resample', tokens.length + place),
    });
    said.calls++;
    said.accepted += accepted;
    said.judged += Math.min(accepted + 1, draft.length);
    said.tokens.push(...draft.slice(0, accepted));
    if (!isEnded()) said.tokens.push(next);
  }
  return { ...said, tokens: Int32Array.from(said.tokens), ended: isEnded() };
}
