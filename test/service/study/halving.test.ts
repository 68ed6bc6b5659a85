import { describe, expect, it } from 'vitest';
import { rank, rungShares, whoStops } from '../../../src-main/service/study/halving/decide.ts';
import { halvingMetric } from '../../../src-main/service/study/halving/metric.ts';

const ROWS = 40;
/** Rows of a loss that differ among each other far more than the systems do. */
const system = (key: string, of: (row: number) => number): { key: string; seeds: number[][][] } => ({ key, seeds: [Array.from({ length: ROWS }, (_, row) => [10 * (row % 7) + of(row), 10])] });
const loss = halvingMetric('loss');

describe('the standing of systems', () => {
  it('is by paired differences: what makes a row hard for all decides nothing', () => {
    const standings = rank([system('worse', () => 2), system('best', () => 0), system('tied', (row) => (row % 2 === 0 ? 1 : -0.9))], loss, 0);
    expect(standings.map(({ key, isTied }) => [key, isTied])).toEqual([['best', true], ['tied', true], ['worse', false]]);
    // The scores' own intervals overlap by far; the difference is the same on every row.
    const [best, , worse] = standings;
    expect(best!.score.high!).toBeGreaterThan(worse!.score.low!);
    expect(worse!.difference).toMatchObject({ value: expect.closeTo(0.2, 10) as number, low: expect.closeTo(0.2, 10) as number, high: expect.closeTo(0.2, 10) as number });
  });

  it('has the first of equals first, and what is no number last', () => {
    expect(rank([system('nan', () => NaN), system('a', () => 1), system('b', () => 1)], loss, 0).map(({ key }) => key)).toEqual(['a', 'b', 'nan']);
  });

  it('turns with the direction of the metric, and takes seeds together', () => {
    const accuracy = halvingMetric('accuracy');
    const right = (key: string, shares: number[]): { key: string; seeds: number[][][] } => ({ key, seeds: shares.map((share) => Array.from({ length: ROWS }, (_, row) => [row < share * ROWS ? 1 : 0])) });
    const standings = rank([right('low', [0.2, 0.3]), right('high', [0.9, 0.8])], accuracy, 0);
    expect(standings.map(({ key, score }) => [key, score.value])).toEqual([['high', 0.85], ['low', 0.25]]);
    expect(standings[1]).toMatchObject({ isTied: false, difference: { value: expect.closeTo(-0.6, 10) as number } });
  });
});

it('stops the worse half, but nobody who may be as good as the best', () => {
  const standings = rank([0, 1, 2, 3, 4].map((at) => system(String(at), () => at)), loss, 0);
  expect(whoStops(standings, 1).map(({ key }) => key)).toEqual(['3', '4']);
  expect(whoStops(standings, 4).map(({ key }) => key)).toEqual(['4']);
  const tied = rank([0, 1, 2, 3].map((at) => system(String(at), (row) => (row % 2 === 0 ? 5 * at : -4.9 * at))), loss, 0);
  expect(whoStops(tied, 1)).toEqual([]);
});

it.each([[2, 1, [0.5, 1]], [4, 1, [0.25, 0.5, 1]], [5, 1, [0.125, 0.25, 0.5, 1]], [8, 4, [0.5, 1]], [3, 2, [0.5, 1]]])('%d systems down to %d are measured at %j of their steps', (systems, keep, shares) => {
  expect(rungShares(systems, keep)).toEqual(shares);
});

it('knows the numbers that tell of rows, and which way they are better', () => {
  expect([halvingMetric('divergence').isLowerBetter, halvingMetric('perplexity').isLowerBetter, halvingMetric('rougeL').isLowerBetter]).toEqual([true, true, false]);
  expect(() => halvingMetric('acuracy')).toThrow('There is no number "acuracy"');
  expect(halvingMetric('self-bleu')).toMatchObject({ isLowerBetter: true, needsAnswers: false, texts: { name: 'self-bleu' } });
});
