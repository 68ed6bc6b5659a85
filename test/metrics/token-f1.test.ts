import { expect, it } from 'vitest';
import { tokenF1 } from '../../src-main/metrics/token-f1.ts';

const f1 = (prediction: string, reference: string): number => tokenF1.statistics([{ prompt: '', prediction, reference }])[0]![0]!;

// The first three are what SQuAD's official script gives.
it.each([
  ['The cat sat.', 'a cat sat', 1],
  ['cat cat dog', 'cat bird', 0.4],
  ['nothing alike', 'other words', 0],
  ['', 'word', 0],
  ['', '', 1],
])('%j against %j is %d', (prediction, reference, expected) => {
  expect(f1(prediction, reference)).toBeCloseTo(expected, 12);
});
