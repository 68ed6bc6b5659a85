import { describe, expect, it } from 'vitest';
import type { Score } from '../../src-main/contract/events.ts';
import type { StoredEvaluation } from '../../src-main/contract/history.ts';
import { recipeSchema } from '../../src-main/contract/recipe.ts';
import { shownText } from '../../src-main/contract/token-words.ts';
import { evaluationsAfter } from '../../src-main/service/run/run-time.ts';
import { endsOtherwise } from '../../src-renderer/screens/mistakes/correction-texts.ts';
import { cannotWriteIn } from '../../src-renderer/screens/run/warnings.ts';
import { verdictOf } from '../../src-renderer/screens/run/verdict.ts';
import { fakeRun } from '../e2e/support/fake-studio.ts';

it('sees where a correction ends otherwise than its reference', () => {
  expect(endsOtherwise('10-8=3;3+8=11;#11', '10-8=2;2+8=10;#10')).toBe(true);
  expect(endsOtherwise('another way;#10', '10-8=2;2+8=10;#10\n')).toBe(false);
  expect(endsOtherwise('The answer is Paris', 'paris.')).toBe(false);
  expect(endsOtherwise('anything', null)).toBe(false);
});

it('shows what nobody could see', () => {
  expect(shownText('\n'.repeat(64), 64)).toEqual({ text: '↵ × 64', isBlank: true });
  expect(shownText(' '.repeat(3))).toEqual({ text: '· × 3', isBlank: true });
  expect(shownText('', 64).text).toBe('· × 64');
  expect(shownText('', 1).text).toBe('(nothing: it ended at once)');
  expect(shownText(' a ')).toEqual({ text: ' a ', isBlank: false });
});

describe('the verdict on a run', () => {
  const evaluation = (step: number, accuracy: Score): StoredEvaluation => ({ step, examples: 300, divergence: null, loss: null, divergenceLow: null, divergenceHigh: null, lossLow: null, lossHigh: null, metrics: { accuracy } });
  const before = evaluation(0, { value: 0.2, low: 0.157, high: 0.247 });
  it('is sure where neither interval reaches the other value', () => {
    expect(verdictOf([before, evaluation(200, { value: 0.4, low: 0.343, high: 0.457 })], 200)).toMatchObject({ name: 'accuracy', before: 0.2, after: 0.4, isSure: true });
    expect(verdictOf([before, evaluation(200, { value: 0.22, low: 0.17, high: 0.27 })], 200)).toMatchObject({ isSure: false });
  });
  it('is none of a run that was not measured at both ends', () => {
    expect(verdictOf([before], 0)).toBeNull();
    expect(verdictOf([before, evaluation(100, { value: 0.4, low: 0.3, high: 0.5 })], 200)).toBeNull();
  });
});

it('knows whether a student that could not write can by now', () => {
  const entry = (id: number, code: string) => ({ id, at: 0, step: id, level: 'warning' as const, code, message: code });
  expect(cannotWriteIn([entry(1, 'cannot-write'), entry(2, 'repetition')])?.id).toBe(1);
  expect(cannotWriteIn([entry(1, 'cannot-write'), entry(2, 'can-write')])).toBeUndefined();
});

it('counts the evaluations that are still to come', () => {
  const recipe = (every?: number) => recipeSchema.parse({ ...fakeRun().recipe, data: { ...fakeRun().recipe.data, validation: 'v.jsonl' }, evaluate: { ...(every !== undefined && { every }) } });
  expect([evaluationsAfter(recipe(50), 0, 200), evaluationsAfter(recipe(50), 100, 200), evaluationsAfter(recipe(), 0, 200), evaluationsAfter(recipe(60), 0, 200)]).toEqual([5, 2, 2, 5]);
});
