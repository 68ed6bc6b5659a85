import { describe, expect, it } from 'vitest';
import { boundOf, whyCannotWrite, type OwnText } from '../../src-main/distill/cannot-write.ts';
import { CollapseGuard } from '../../src-main/distill/collapse-guard.ts';

const JSD = { divergence: 'jsd', beta: 0.5, normalizeBeta: false } as const;
const measured = { loss: 2.1, vocabulary: 49152, divergence: 0.2, by: JSD, byTeacher: null };
const text = (tokens: number[], words = 'words', ended = false): OwnText => ({ tokens, text: words, ended });
const times = (count: number, one: OwnText): OwnText[] => Array.from({ length: count }, () => one);
/** As a small base model goes on greedily: a sentence of its own, then the same one over and over. */
const sentence = (length: number): OwnText => text(Array.from({ length: 64 }, (_, at) => (at < 14 ? 1000 + at : 2000 + ((at - 14) % length))));

describe('a student that cannot write', () => {
  it('is told by blank texts, by loops of a few tokens, by a loss beyond guessing and by a divergence at its bound', () => {
    expect(whyCannotWrite({ ...measured, texts: times(12, text(Array.from({ length: 64 }, () => 198), '\n'.repeat(64))) })).toEqual(
      ['12 of 12 texts are blank', 'no text ends, and each is made of 1.0 different tokens']);
    expect(whyCannotWrite({ ...measured, texts: times(4, text(Array.from({ length: 40 }, (_, at) => at % 3))) })).toEqual(['no text ends, and each is made of 3.0 different tokens']);
    expect(whyCannotWrite({ ...measured, texts: [], loss: 14 })).toEqual(['held-out text costs it 14.0 nats a token, more than guessing among 49152 tokens would (10.8)']);
    expect(whyCannotWrite({ ...measured, texts: [], divergence: 0.69 })).toEqual(['its divergence from the teacher, 0.690, is as large as it can be (0.693)']);
  });

  it('is none that answers in one token, ends its texts, goes round in sentences or writes at random from what it knows', () => {
    for (const texts of [
      times(50, text([5], 'yes', true)), times(50, text([5], 'yes')), times(50, text([1], '', true)), times(50, sentence(8)), times(50, sentence(20)),
      [...times(30, text(Array.from({ length: 40 }, (_, at) => at % 3))), ...times(3, text([7, 8, 9], 'words', true))],
      times(2, text(Array.from({ length: 64 }, () => 198), ' ')),
    ]) expect(whyCannotWrite({ ...measured, texts })).toEqual([]);
    expect(whyCannotWrite({ ...measured, texts: [], loss: null, divergence: 12, by: { ...JSD, divergence: 'forward_kl' } })).toEqual([]);
  });

  it('is told by texts that the teacher finds next to impossible, where the given text is nearly as strange to it', () => {
    // As measured of SmolLM2-135M with every fourth and every second layer, and with 27 of its 30.
    const nonsense = { ...measured, texts: times(8, text(Array.from({ length: 32 }, (_, at) => at), 'unanim saff lux', false)) };
    expect(whyCannotWrite({ ...nonsense, loss: 10.1, byTeacher: { own: 8.21, given: 1.48 } })).toEqual(['its texts are next to impossible to the teacher (8.2 nats a token, given text 1.5)']);
    expect(whyCannotWrite({ ...nonsense, loss: null, byTeacher: { own: 7.49, given: 1.48 } })).toHaveLength(1);
    expect(whyCannotWrite({ ...nonsense, loss: null, byTeacher: { own: 4.38, given: 1.48 } })).toEqual([]);
    // One that knows the given text writes what its teacher would not; one that does not know the answers' form may still write.
    expect(whyCannotWrite({ ...nonsense, loss: 2.5, byTeacher: { own: 8, given: 1.48 } })).toEqual([]);
    expect(whyCannotWrite({ ...nonsense, loss: 9, byTeacher: { own: 1.7, given: 1.48 } })).toEqual([]);
    // A teacher that knows nothing itself finds all of it unlikely.
    expect(whyCannotWrite({ ...nonsense, loss: 10, byTeacher: { own: 9, given: 8 } })).toEqual([]);
    expect(whyCannotWrite({ ...nonsense, texts: nonsense.texts.slice(0, 3), loss: 10, byTeacher: { own: 8, given: 1.48 } })).toEqual([]);
  });

  it('is told once, and once more when it has begun to write', () => {
    const guard = new CollapseGuard();
    const codes = [14, 13, 3, 2, 12].map((loss) => guard.judge({ ...measured, texts: [], loss }).map(({ code }) => code));
    expect(codes).toEqual([['cannot-write'], [], ['can-write'], [], ['cannot-write']]);
  });

  it('knows the bound of each divergence', () => {
    expect(boundOf({ ...JSD, divergence: 'tvd' })).toBe(1);
    expect(boundOf(JSD)).toBeCloseTo(Math.LN2, 12);
    expect(boundOf({ ...JSD, beta: 0.1, normalizeBeta: true })).toBeCloseTo(-(0.1 * Math.log(0.1) + 0.9 * Math.log(0.9)) / 0.09, 12);
  });
});
