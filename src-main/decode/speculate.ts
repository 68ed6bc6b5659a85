import { uniform, type Purpose } from '../contract/random.ts';
import { probabilitiesOf } from './choose.ts';
import type { Completion } from './writing.ts';
import type { OneText } from './engine.ts';
import { draw } from './processors.ts';
import type { TokenSampling } from './sampling.ts';
import { verify } from './verify.ts';

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
export async function speculate(teacher: OneText, student: OneText, id: number, options: SpeculateOptions): Promise<Speculated> {
  const { maxNewTokens, eos, sampling, draftTokens, signal } = options;
  // Numbers belong to the token's place in the text. Of a draft's tail that nobody looked at they may come again.
  const chance = (purpose: Purpose, index: number): number => uniform(options.seed, { purpose, example: id, index });
  const said = { tokens: [] as number[], judged: 0, accepted: 0, calls: 0 };
  const isEnded = (): boolean => eos.has(said.tokens.at(-1)!);
  while (said.tokens.length < maxNewTokens && !isEnded() && !signal?.aborted) {
    const { tokens } = said;
    const probabilities = async (text: OneText, draft: readonly number[], told: number): Promise<Float64Array[]> => {
      const whole = [...tokens, ...draft];
      const rows = await text.logits(whole, told);
      return rows.map((logits, at) => probabilitiesOf(logits, text.with(whole.slice(0, whole.length - told + 1 + at)), sampling));
    };
    const draft: number[] = [];
    const drafted: Float64Array[] = [];
    // The teacher always adds a token of its own.
    while (draft.length < Math.min(draftTokens, maxNewTokens - tokens.length - 1) && !eos.has(draft.at(-1)!)) {
      const [q] = await probabilities(student, draft, 1);
      drafted.push(q!);
      draft.push(draw(q!, chance('draft', tokens.length + draft.length)));
    }
    const wanted = await probabilities(teacher, draft, draft.length + 1);
    const { accepted, next } = verify(draft, drafted, wanted, {
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
