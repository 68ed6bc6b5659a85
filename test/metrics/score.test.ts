import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerOf } from '../../src-main/metrics/accuracy.ts';
import { bootstrap } from '../../src-main/metrics/bootstrap.ts';
import { meanMetric, type CorpusMetric, type Metric } from '../../src-main/metrics/metric.ts';
import { Statistics } from '../../src-main/metrics/statistics.ts';
import { scoreAll } from '../../src-main/metrics/score.ts';

const predict = (prediction: string, reference: string | null = '') => ({ prompt: '', prediction, reference });
const worth = (name: string, prediction: string, reference: string): number => scoreAll([name], [predict(prediction, reference)], 0)[name]!.value;

describe('exact match', () => {
  test.each([
    ['a b', 'a b', 1], [' a\n\t b ', 'a b', 1], ['a b', 'A b', 0], ['ab', 'a b', 0], ['', ' ', 1],
  ])('of %j and %j is %d', (prediction, reference, expected) => {
    expect(worth('exact-match', prediction, reference)).toBe(expected);
  });
});

describe('the answer of a text', () => {
  test.each([
    ['She has 3 left.\n#### 1,234', 1234],
    ['#### -5', -5], ['####5', 5], ['#### $1,000.50', 1000.5], ['#### **7**', 7], ['#### −3', -3],
    ['#### 12\n\nQuestion: Tom has 9.', 12],
    ['#### Solution\n3 + 4 = 7', 7],
    ['48/2 = <<48/2=24>>24 clips, 72 in all', 72],
    ['The answer is 18.', 18], ['0.5', 0.5], ['.5', 0.5], ['It costs $-4.', -4], ['a loss of -$4', -4], ['50%', 50],
    ['from 10-3', 3], ['10 - 3', 3], ['the A-4', 4], ['(2)-4', 4], ['= -4', -4],
    ['1,234,567.25 people', 1234567.25], ['1,2,3', 3], ['1,2345', 2345], ['007', 7],
    ['it is 3/4', null], ['on 12/25/2020', null], ['1/2 of 8 is 4', 4],
    ['none', null], ['', null], ['#### none', null],
  ])('%j is %s', (text, expected) => {
    expect(answerOf(text)).toBe(expected);
  });

  test('is any number however it is written', () => {
    const tidy = fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => Number(value.toFixed(2)));
    fc.assert(fc.property(tidy, fc.constantFrom('', '$'), (value, currency) => {
      const written = `${value < 0 ? '-' : ''}${currency}${Math.abs(value).toLocaleString('en-US', { maximumFractionDigits: 2 })}`;
      expect(answerOf(`So 12 and 3 make ${written}.`)).toBeCloseTo(value, 6);
      expect(answerOf(`#### ${written}\n4`)).toBeCloseTo(value, 6);
    }));
  });

  test('is found at once in a text gone wrong', () => {
    expect(answerOf('#'.repeat(100_000))).toBe(null);
    expect(answerOf('1,'.repeat(100_000))).toBe(1);
  });
});

test.each([
  ['#### 18', '#### 18.00', 1], ['12345678', '12345679', 0], ['0.1', '0.2', 0], ['none', 'none', 0], ['5', 'none', 0],
])('accuracy of %j against %j is %d', (prediction, reference, expected) => {
  expect(worth('accuracy', prediction, reference)).toBe(expected);
});

describe('the interval of a score', () => {
  const mean = meanMetric('length', false, ({ prediction }) => prediction.length);

  test('is that of the mean: 1.96 standard errors to either side', () => {
    const values = Array.from({ length: 400 }, (_, at) => [at % 4 === 0 ? 1 : 0]);
    const { value, low, high } = bootstrap(Statistics.of(values), mean.score, 1);
    const standardError = Math.sqrt((0.25 * 0.75) / 400);
    expect(value).toBe(0.25);
    expect((value - low!) / standardError).toBeCloseTo(1.96, 0);
    expect((high! - value) / standardError).toBeCloseTo(1.96, 0);
  });

  test('holds the value, and is the same for the same seed', () => {
    fc.assert(fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 20 }), fc.nat(), (numbers, seed) => {
      const score = bootstrap(Statistics.of(numbers.map((number) => [number])), mean.score, seed);
      expect(score.low!).toBeLessThanOrEqual(score.value);
      expect(score.high!).toBeGreaterThanOrEqual(score.value);
      expect(bootstrap(Statistics.of(numbers.map((number) => [number])), mean.score, seed)).toEqual(score);
    }), { numRuns: 20 });
  });

  test('of a metric of the whole corpus resamples its statistics', () => {
    // A ratio of sums, as BLEU's precisions are; its predictions' own ratios have another mean.
    const ratio: Metric['score'] = ([hits, total]) => hits! / total!;
    const statistics = Array.from({ length: 60 }, (_, at) => (at % 3 === 0 ? [1, 10] : [1, 1]));
    const { value, low, high } = bootstrap(Statistics.of(statistics), ratio, 0);
    expect(value).toBe(60 / 240);
    expect(low!).toBeGreaterThan(0.17);
    expect(high!).toBeLessThan(0.4);
    expect(low!).toBeLessThan(value);
    expect(high!).toBeGreaterThan(value);
  });
});

test('a metric may hold each prediction against the others', () => {
  const repeated: CorpusMetric = {
    name: 'repeated', needsReference: false,
    gather: () => {
      const texts: string[] = [];
      return {
        add: (predictions) => { for (const { prediction } of predictions) texts.push(prediction); },
        statistics: () => Statistics.of(texts.map((text, at) => [texts.some((other, place) => place !== at && other === text) ? 1 : 0])),
      };
    },
    score: ([sum], count) => sum! / count,
  };
  const gathering = repeated.gather();
  gathering.add(['a', 'b', 'a', 'c'].map((text) => predict(text, null)));
  const { value, low, high } = bootstrap(gathering.statistics(), repeated.score, 0);
  expect(value).toBe(0.5);
  expect([low, high]).toEqual([0, 1]);
});
