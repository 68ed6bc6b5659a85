import { describe, expect, it } from 'vitest';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { longTermAdvantages, type LongTermSettings } from '../../src-main/distill/long-term.ts';
import { MixedRollouts } from '../../src-main/distill/mixed-rollouts.ts';
import type { Written } from '../../src-main/distill/rollout.ts';
import type { PlacedWeights } from '../../src-main/runtime/weights.ts';
import { EOS, expectation, LENGTH, logprob, meanAndError, PROMPT, STEP, ToyPolicy, VOCABULARY, type ToyText } from '../support/toy-policy.ts';

const toy = new ToyPolicy({ divergence: 'reverse_kl', beta: 0.5, normalizeBeta: false, lossTemperature: 1 });
const TEXTS = 128;
const asked = Array.from({ length: TEXTS }, (_, index) => ({ index, prompt: PROMPT }));

function rollouts(settings: LongTermSettings, seed: number): MixedRollouts {
  const plan = (weights: PlacedWeights): TextPlan => new TextPlan(toy.executor, toy.decoder, weights, { vocabulary: VOCABULARY, maxLength: PROMPT.length + LENGTH, choice: 'logits' });
  return new MixedRollouts(toy.executor, plan(toy.student.weights), plan(toy.teacher.weights), {
    ...settings, seed, maxNewTokens: LENGTH, eos: EOS, vocabulary: VOCABULARY, reduction: 'token',
  });
}

/** How the loss changes along each direction by what was written, for a mean over texts instead of tokens. */
async function slopes(written: readonly Written[]): Promise<number[]> {
  const tokens = written.reduce((sum, text) => sum + text.tokens.length, 0);
  return (await toy.estimate(written, toy.directions(), { share: 1, reduction: 'token' })).map((slope) => (slope * tokens) / written.length);
}

const kl = ({ student, teacher }: ToyText['at'][number]): number => student.reduce((sum, q, token) => sum + Math.exp(q) * (q - teacher[token]!), 0);

describe('MiniLLM\'s gradient', () => {
  it('of the student\'s own texts is that of the reverse KL of all texts; of the single step alone it is not', async () => {
    const own = rollouts({ teacherMix: 0, lengthNormalization: false, importanceClip: 0.2 }, 1);
    const [whole, single]: [number[][], number[][]] = [[], []];
    for (let step = 1; step <= 120; step++) {
      const written = await own.write(asked, step);
      whole.push(await slopes(written));
      single.push(await slopes(written.map(({ tokens, ended }) => ({ tokens, ended }))));
    }
    await own.release();
    for (const [at, direction] of toy.directions().entries()) {
      const exact = await toy.slope(direction, (texts) => expectation(texts, (text) => logprob(text) - logprob(text, 'teacher')));
      const { mean, error } = meanAndError(whole.map((found) => found[at]!));
      expect(Math.abs(mean - exact)).toBeLessThan(4 * error + 1e-3 * Math.abs(exact));
      const alone = meanAndError(single.map((found) => found[at]!));
      if (at === 0) expect(Math.abs(alone.mean - exact)).toBeGreaterThan(10 * alone.error);
    }
  });

  it('of mixed texts, normalized and clipped, is that of the paper\'s equations over all texts, weighed by the mixture', async () => {
    const settings = { teacherMix: 0.2, lengthNormalization: true, importanceClip: 0.2 };
    const mixed = rollouts(settings, 2);
    const found: number[][] = [];
    for (let step = 1; step <= 120; step++) {
      const texts = await mixed.texts(asked, step);
      const tokens = texts.reduce((sum, text) => sum + text.tokens.length, 0);
      // One by one, for then there is no baseline and every text's part can be told beforehand.
      found.push(await slopes(texts.map((text) => ({ ...text, advantages: longTermAdvantages([text], settings)[0]!.map((value) => value / tokens) }))));
    }
    await mixed.release();
    const texts = await toy.texts();
    for (const [at, direction] of toy.directions().entries()) {
      const [ahead, behind] = await toy.around(direction);
      const exact = texts.reduce((sum, text, place) => sum + mixture(text) * paper(text, ahead[place]!, behind[place]!), 0);
      const { mean, error } = meanAndError(found.map((slope) => slope[at]!));
      expect(Math.abs(mean - exact)).toBeLessThan(4 * error + 1e-3 * Math.abs(exact));
    }
  });

  /** Each token's probability where student and teacher write together. */
  const drawn = (q: number, p: number): number => 0.8 * Math.exp(q) + 0.2 * Math.exp(p);
  const mixture = ({ tokens, at }: ToyText): number => tokens.reduce((product, token, place) => product * drawn(at[place]!.student[token]!, at[place]!.teacher[token]!), 1);

  /** A text's part of the gradient along a direction, Eq. 7 of arXiv 2306.08543 with the clipping of its algorithm. */
  function paper({ tokens, at }: ToyText, ahead: ToyText, behind: ToyText): number {
    return tokens.reduce((sum, token, t) => {
      const slope = (read: (text: ToyText) => number): number => (read(ahead) - read(behind)) / (2 * STEP);
      const single = slope((text) => kl(text.at[t]!));
      const later = tokens.slice(t + 1).map((next, offset) => at[t + 1 + offset]!.teacher[next]! - at[t + 1 + offset]!.student[next]!);
      const reward = later.length === 0 ? 0 : later.reduce((a, b) => a + b, 0) / later.length;
      const weight = Math.exp(at[t]!.student[token]!) / drawn(at[t]!.student[token]!, at[t]!.teacher[token]!);
      // Where the clipped side of min(w R, clip(w) R) is the smaller, it is a constant.
      const isClipped = Math.min(Math.max(weight, 0.8), 1.2) * reward < weight * reward;
      const long = isClipped ? 0 : weight * reward * slope((text) => text.at[t]!.student[token]!);
      return sum + single - long;
    }, 0);
  }

  it('rests on texts drawn from the mixture, whose log-probabilities are each model\'s own', async () => {
    const mixed = rollouts({ teacherMix: 0.2, lengthNormalization: true, importanceClip: 0.2 }, 3);
    const texts = await toy.texts();
    const counts = new Map<string, number>();
    for (let step = 1; step <= 24; step++) {
      for (const { tokens, student, teacher, ended } of await mixed.texts(asked, step)) {
        const known = texts.find((text) => text.tokens.join() === tokens.join())!;
        counts.set(tokens.join(), (counts.get(tokens.join()) ?? 0) + 1);
        expect(ended).toBe(EOS.has(tokens.at(-1)!));
        known.at.forEach((at, place) => {
          expect(student[place]).toBeCloseTo(at.student[tokens[place]!]!, 4);
          expect(teacher[place]).toBeCloseTo(at.teacher[tokens[place]!]!, 4);
        });
      }
    }
    await mixed.release();
    const total = 24 * TEXTS;
    const chiSquare = texts.reduce((sum, text) => sum + ((counts.get(text.tokens.join()) ?? 0) - total * mixture(text)) ** 2 / (total * mixture(text)), 0);
    const freedom = texts.length - 1;
    // Four standard deviations above what chance brings.
    expect(chiSquare).toBeLessThan(freedom + 4 * Math.sqrt(2 * freedom));
  });
});

describe('the long-term part', () => {
  const text = { student: Float32Array.of(-1, -2, -3), teacher: Float32Array.of(-1, -1, -5) };
  const settings = { teacherMix: 0, lengthNormalization: false, importanceClip: 0.2 };

  it('is what the tokens that follow are worth, by their number where lengths are normalized', () => {
    expect([...longTermAdvantages([text], settings)[0]!]).toEqual([-1, -2, 0]);
    expect([...longTermAdvantages([text], { ...settings, lengthNormalization: true })[0]!]).toEqual([-0.5, -2, 0]);
  });

  it('is compared with the other texts at the same place', () => {
    const other = { student: Float32Array.of(-1, -1), teacher: Float32Array.of(-1, -4) };
    expect(longTermAdvantages([text, other], settings).map((values) => [...values])).toEqual([[2, -2, 0], [-2, 2]]);
  });

  it('lets no token whose weight is beyond the bound be pushed further', () => {
    const mixed = { ...settings, teacherMix: 0.5 };
    // The teacher finds the first token ten times as likely as the student, and what follows is worth a loss or a gain.
    const bought = (gain: number) => ({ student: Float32Array.of(Math.log(0.05), -1), teacher: Float32Array.of(Math.log(0.5), -1 + gain) });
    const weight = 0.05 / 0.275;
    expect(longTermAdvantages([bought(-2)], mixed)[0]![0]).toBeCloseTo(0, 9);
    expect(longTermAdvantages([bought(2)], mixed)[0]![0]).toBeCloseTo(2 * weight, 6);
  });
});
