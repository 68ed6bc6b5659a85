import { describe, expect, it } from 'vitest';
import { resolveMethod } from '../../../src-main/contract/presets.ts';
import type { RecipeInput } from '../../../src-main/contract/recipe.ts';
import type { OwnText } from '../../../src-main/distill/cannot-write.ts';
import { parseRecipe } from '../../../src-main/service/recipe/recipe-file.ts';
import type { ComparedText } from '../../../src-main/service/advise/compare-texts.ts';
import type { Facts } from '../../../src-main/service/advise/facts.ts';
import { compareByMetric } from '../../../src-main/service/advise/metric-of.ts';
import { probeRate } from '../../../src-main/service/advise/probe-rate.ts';
import { RULES } from '../../../src-main/service/advise/rules/list.ts';
import { takeAdvice } from '../../../src-main/service/advise/take.ts';
import type { Advice } from '../../../src-main/contract/advice.ts';

const recipeOf = (changes: Partial<RecipeInput> = {}): RecipeInput => ({
  name: 'r', student: { model: '/s' }, teacher: { model: '/t' }, data: { train: '/t.jsonl', prompt: '{{q}}', completion: '{{a}}' }, train: { steps: 100 }, ...changes,
});
const ROWS = 8;
const many = <T>(item: T): T[] => Array<T>(ROWS).fill(item);
const text = (tokens: number[], ended = true): OwnText => ({ tokens, ended, text: tokens.join(' ') });
const words = text([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
const compared = (changes: Partial<ComparedText> = {}): ComparedText => ({ tokens: 10, student: 10, teacher: 5, divergence: 3, teacherEntropy: 5, agreed: 7, ...changes });

/** A student that writes, and a teacher that is better and ends: nothing to say. */
function factsOf(changes: Partial<Facts> = {}, recipe: Partial<RecipeInput> = {}): Facts {
  const parsed = parseRecipe(recipeOf(recipe), 'test');
  const answers = { texts: many(words), predictions: [], ms: 1000 };
  return {
    recipe: parsed, method: resolveMethod(parsed.method).method, steps: 100, hasAnswers: true, vocabulary: 1000, rows: ROWS, newTokens: 64, context: 128, teacherRoom: 128,
    given: many({ tokens: 10, loss: 10, divergence: 0 }), compared: many(compared()), own: many(words), ownCompared: many(compared({ teacher: 20 })),
    student: answers, teacher: answers, byMetric: null, rate: null,
    repeats: { train: 100, duplicates: 0, heldOut: 10, leaked: 0, leakedPrompts: 0, first: null },
    pace: { steps: 3, stepMs: 10, rolloutMs: 4, teacherMs: 3, updateMs: 3, startMs: 5, totalMs: 1000 }, ...changes,
  };
}
const advise = (facts: Facts): Advice[] => RULES.flatMap((rule) => rule(facts));
const codes = (facts: Facts): string[] => advise(facts).map(({ code }) => code);
const taken = (facts: Facts, recipe: Partial<RecipeInput> = {}): Record<string, unknown> => takeAdvice(recipeOf(recipe) as never, advise(facts)).recipe;

it('says nothing where nothing is amiss', () => expect(codes(factsOf())).toEqual([]));

describe('what is advised', () => {
  it('fine-tuning for a student that goes round in one word', () => {
    const facts = factsOf({ own: many(text(Array<number>(20).fill(4), false)) });
    expect(codes(facts)).toEqual(['cannot-write']);
    expect(taken(facts)).toMatchObject({ stages: [{ name: 'fine-tune', method: { preset: 'sft' } }, { name: 'distil' }] });
    // Where there are no answers it learns what the teacher writes; where it learns nothing from its own text it may go on.
    const { completion: _, ...data } = facts.recipe.data;
    expect(advise({ ...facts, hasAnswers: false, recipe: { ...facts.recipe, data } })[0]!.mend!.patch).toMatchObject({ stages: [{ method: { preset: 'seqkd' } }, { name: 'distil' }] });
    expect(codes(factsOf({ own: facts.own }, { method: { preset: 'supervised-kd' } }))).toEqual([]);
  });

  it('half of fixed text for a student that its teacher finds unlikely', () => {
    const facts = factsOf({ ownCompared: many(compared({ teacher: 35, agreed: 2 })) }, { method: { preset: 'gkd', lambda: 1 } });
    expect(taken(facts, { method: { preset: 'gkd', lambda: 1 } })).toMatchObject({ method: { preset: 'gkd', lambda: 0.5 } });
  });

  it('its own text for a student that knows its task and has something to learn', () => {
    const good = { ownCompared: many(compared({ teacher: 8, agreed: 9 })) };
    expect(taken(factsOf(good))).toMatchObject({ method: { lambda: 1 } });
    expect(taken(factsOf(good, { method: { preset: 'supervised-kd' } }), { method: { preset: 'supervised-kd' } })).toMatchObject({ method: { preset: 'gkd', lambda: 1, divergence: 'forward_kl' } });
    // Fine-tuning asks no teacher, and one that is no better is not worth following.
    expect(codes(factsOf(good, { method: { preset: 'sft' } }))).toEqual([]);
    expect(codes(factsOf({ ...good, compared: many(compared({ teacher: 12, teacherEntropy: 12 })) }))).toEqual(['teacher-no-better']);
  });

  it.each([
    [11, 'The teacher is worse than the student', { preset: 'sft' }],
    [10, 'Nothing shows that the teacher is better', {}],
  ])('against a teacher to whom the right answers cost %d where they cost the student 10', (teacher, says, method) => {
    const facts = factsOf({ compared: many(compared({ teacher, teacherEntropy: teacher })) });
    const [found] = advise(facts);
    expect(found).toMatchObject({ code: 'teacher-no-better', message: expect.stringContaining(says) as string });
    expect(taken(facts)['method'] ?? {}).toMatchObject(method);
  });

  it('goes by the recipe\'s metric where there is one, over the same rows', () => {
    const recipe = parseRecipe(recipeOf({ evaluate: { metrics: ['exact-match'] } }), 'test');
    const answered = (right: number): { prompt: string; prediction: string; reference: string }[] =>
      Array.from({ length: ROWS }, (_, at) => ({ prompt: 'p', prediction: at < right ? 'a' : 'b', reference: 'a' }));
    const better = compareByMetric(recipe, answered(1), answered(8))!;
    expect(better).toMatchObject({ student: { value: 1 / 8 }, teacher: { value: 1 }, lead: { value: 7 / 8 } });
    expect(codes(factsOf({ byMetric: better, compared: many(compared({ teacher: 30, teacherEntropy: 30 })) }))).not.toContain('teacher-no-better');
    expect(codes(factsOf({ byMetric: compareByMetric(recipe, answered(4), answered(4)) }))).toContain('teacher-no-better');
  });

  it('longer texts where the teacher\'s would end then, and other prompts where they would not', () => {
    const late = text(Array.from({ length: 90 }, (_, at) => at));
    const [found] = advise(factsOf({ teacher: { texts: many(late), predictions: [], ms: 1 } }));
    expect(found).toMatchObject({ code: 'teacher-does-not-end', mend: { patch: { data: { maxCompletionTokens: 90 } } } });
    const [never] = advise(factsOf({ teacher: { texts: many({ ...late, ended: false }), predictions: [], ms: 1 } }));
    expect(never).toMatchObject({ code: 'teacher-does-not-end' });
    expect(never!.mend).toBeUndefined();
  });

  it('texts of the teacher or the student where the data has others', () => {
    const facts = factsOf({ compared: many(compared({ student: 60, teacher: 40, teacherEntropy: 5 })) });
    const [found] = advise(facts);
    expect(found).toMatchObject({ code: 'foreign-answers', mends: [{ patch: { method: { lambda: 1 } } }, { patch: { method: { source: 'teacher' } } }] });
  });

  it('nothing to learn, leaks, duplicates and a day of computing', () => {
    const same = compared({ student: 5, teacher: 5, divergence: 0.01, agreed: 10 });
    expect(codes(factsOf({ compared: many(same), ownCompared: many(same) }))).toEqual(['teacher-no-better', 'already-there']);
    const repeats = { train: 100, duplicates: 30, heldOut: 10, leaked: 2, leakedPrompts: 1, first: 'dev.jsonl, line 3' };
    const found = advise(factsOf({ repeats, pace: { ...factsOf().pace, totalMs: 50 * 3_600_000 } }));
    expect(found.map(({ code }) => code)).toEqual(['leak', 'duplicates', 'long-run']);
    expect(found[0]!.message).toContain('3 of 10 held-out rows');
  });

  it('takes of two that change one field the first, and leaves out what would make the recipe wrong', () => {
    const patch = (preset: string): Advice => ({ code: preset, level: 'notice', message: '', measured: [], mend: { label: '', patch: { method: { preset } } } });
    const rate: Advice = { ...patch('x'), code: 'rate', mend: { label: 'Use', patch: { train: { learningRate: 1e-4 } } } };
    const lambda: Advice = { ...patch('x'), code: 'lambda', mend: { label: '', patch: { method: { lambda: 1 } } } };
    const { recipe, taken: codesTaken } = takeAdvice(recipeOf() as never, [patch('no-such'), patch('sft'), patch('gkd'), lambda, rate]);
    expect(codesTaken).toEqual([
      { code: 'sft', label: '', changes: [{ pointer: '/method/preset', value: 'sft' }] }, { code: 'rate', label: 'Use', changes: [{ pointer: '/train/learningRate', value: 1e-4 }] },
    ]);
    expect(recipe).toMatchObject({ method: { preset: 'sft' }, train: { learningRate: 1e-4, steps: 100 } });
  });
});

describe('a learning rate', () => {
  const LOSS = 2;
  /** A student whose loss falls by its rate and, above a rate, breaks. */
  const learner = (breaks: number, gain: number) => async (rate: number | null): Promise<[number, number][]> => {
    const loss = rate === null ? LOSS : rate > breaks ? 7 : LOSS - Math.min(1, gain * rate);
    return Array.from({ length: 12 }, (_, at) => [loss * (10 + at), 10 + at]);
  };
  it.each([
    ['fits', 1e-3, 1e-2, 100, null], ['too-high', 1e-1, 2e-2, 10, 1e-2], ['too-low', 1e-6, 1e-2, 400, 1e-4],
    // A rate that hurts at every tenth tried is told, without one that fits.
    ['too-high', 1, 1e-6, 1, null],
  ] as const)('%s at %d where the student breaks above %d', async (verdict, rate, breaks, gain, better) => {
    expect(await probeRate(rate, 200, 0, learner(breaks, gain))).toMatchObject({ verdict, better });
  });
  it('that costs a little at first, as Adam\'s does, is left as it is', async () => {
    const learn = async (rate: number | null): Promise<[number, number][]> => Array.from({ length: 8 }, () => [rate === null ? 1.4 : 2.0, 10]);
    expect(await probeRate(1e-3, 200, 0, learn)).toMatchObject({ verdict: 'fits', better: null });
  });
});
