import { expect, test } from 'vitest';
import { metricReporting, reportedBy } from '../../src-main/metrics/reported.ts';
import { METRIC_NAMES, scoreAll } from '../../src-main/metrics/score.ts';

const OF_MODELS = ['perplexity', 'multiple-choice', 'acceptance'];
const predictions = ['a b', 'c d'].map((text) => ({ prompt: '', prediction: text, reference: text }));

test.each(METRIC_NAMES.filter((name) => !OF_MODELS.includes(name)))('%s reports what is said of it', (name) => {
  expect(reportedBy(name).map((reported) => reported.name)).toEqual(Object.keys(scoreAll([name], predictions, 0)));
});

test('better is higher but for a few', () => {
  const lower = METRIC_NAMES.flatMap(reportedBy).filter(({ isLowerBetter }) => isLowerBetter).map(({ name }) => name);
  expect(lower).toEqual(['self-bleu', 'perplexity']);
});

test.each([['rougeL', 'rougeL'], ['choice-accuracy', 'multiple-choice'], ['tokens-per-call', 'acceptance'], ['distinct-1', 'distinct-1'], ['reward', undefined]])(
  'the number %s is had by asking for %s', (number, metric) => {
    expect(metricReporting(number)).toBe(metric);
  });
