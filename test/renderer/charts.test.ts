import { describe, expect, it } from 'vitest';
import type { Line } from '../../src-renderer/charts/line.ts';
import { measuredColumn, plotData, stacked, yRange } from '../../src-renderer/charts/plot-data.ts';
import { nearest } from '../../src-renderer/charts/nearest.ts';
import { middle, smooth } from '../../src-renderer/charts/smooth.ts';
import { asText, tableOf } from '../../src-renderer/charts/table.ts';
import { placeOfStep } from '../../src-renderer/charts/x-axis.ts';

const AS_IT_IS = { isLog: false, isClipped: false, smoothing: 0 };
const line = (x: number[], mean: (number | null)[], changes: Partial<Line> = {}): Line => ({ label: 'a', hue: 'student', x, mean, ...changes });

describe('smoothing', () => {
  it('leaves values alone at 0 and a constant alone at any weight', () => {
    expect(smooth([3, 1, 2], 0)).toEqual([3, 1, 2]);
    for (const value of smooth([2, 2, 2, 2], 0.9)) expect(value).toBeCloseTo(2, 12);
  });
  it('begins at the first value and keeps gaps', () => {
    const [first, gap, second] = smooth([4, null, 2], 0.5);
    expect(first).toBe(4);
    expect(gap).toBeNull();
    // (0.5 * 4 + 2) / (0.5 + 1)
    expect(second).toBeCloseTo(8 / 3, 12);
  });
  it('finds what lies in the middle', () => {
    expect(middle([])).toBeNull();
    expect(middle([...Array.from({ length: 99 }, (_, at) => at), 1e9])).toEqual([1, 98]);
  });
});

describe('the table of a plot', () => {
  it('has four columns a line, and the band stays as it was when the line is smoothed', () => {
    const [x, shown, before, min, max] = plotData([line([1, 2], [1, 3], { min: [0, 2], max: [2, 4], isNoisy: true })], { ...AS_IT_IS, smoothing: 0.5 });
    expect(x).toEqual([1, 2]);
    expect(shown![1]).toBeCloseTo((0.5 + 3) / 1.5, 12);
    expect(before).toEqual([1, 3]);
    expect([min, max]).toEqual([[0, 2], [2, 4]]);
  });
  it('never smooths what is measured now and then, and tells the measured value of what it smooths', () => {
    const view = { ...AS_IT_IS, smoothing: 0.99 };
    const lines = [line([1, 2], [0.2, 0.4]), line([1, 2], [1, 3], { isNoisy: true })];
    const data = plotData(lines, view);
    expect(data[1]).toEqual([0.2, 0.4]);
    expect(data[5]![1]).toBeLessThan(2.1);
    expect(lines.map((each, at) => data[measuredColumn(at, each, view)]![1])).toEqual([0.4, 3]);
  });
  it('leaves out what a logarithm has no place for', () => {
    expect(plotData([line([1, 2, 3], [0, -1, 2])], { ...AS_IT_IS, isLog: true })[1]).toEqual([null, null, 2]);
  });
  it('brings runs with other steps to the steps of all', () => {
    const [x, first, , , , second] = plotData([line([1, 3], [10, 30]), line([2, 3], [200, 300])], AS_IT_IS);
    expect(x).toEqual([1, 2, 3]);
    expect(first).toEqual([10, undefined, 30]);
    expect(second).toEqual([undefined, 200, 300]);
    expect(nearest(first!, 1)).toBe(0);
  });
  it('puts parts on top of one another', () => {
    expect(stacked([line([1, 2], [1, null]), line([1, 2], [2, 5])]).map(({ mean }) => mean)).toEqual([[1, 0], [3, 5]]);
  });
});

describe('the range of values', () => {
  const spike = line([1, 2, 3], [1, 1, 1], { min: [1, 1, 1], max: [1, 100, 1] });
  it('holds the whole band and what was measured besides', () => {
    const [low, high] = yRange([spike], [-5], AS_IT_IS, false)!;
    expect(low).toBeLessThan(-5);
    expect(high).toBeGreaterThan(100);
  });
  it('holds only the middle where outliers are clipped', () => expect(yRange([spike], [], { ...AS_IT_IS, isClipped: true }, false)![1]).toBeLessThan(2));
  it('is never empty', () => {
    const [low, high] = yRange([line([1], [0])], [], AS_IT_IS, false)!;
    expect(low).toBeLessThan(high);
    expect(yRange([line([1], [null])], [], AS_IT_IS, false)).toBeNull();
  });
  it('ends where a share does', () => {
    expect(yRange([line([1, 2], [0.9, 1])], [], AS_IT_IS, false, 1)).toEqual([expect.closeTo(0.894), 1]);
    expect(yRange([line([1, 2], [0.5, 1])], [], AS_IT_IS, true, 1)).toEqual([0, 1]);
  });
  it('ends at round numbers on a logarithmic axis', () => expect(yRange([line([1, 2], [0.013, 3])], [], { ...AS_IT_IS, isLog: true }, false)).toEqual([0.01, 5]));
});

it('reads a chart out as a table', () => {
  const table = tableOf([line([1, 2], [1, null], { min: [0, 0], max: [2, 2] })], [{ label: 'held out', hue: 'accent', points: [{ x: 2, value: 9, low: null, high: null }] }]);
  expect(asText('Step', table)).toBe('Step\ta\ta, smallest\ta, largest\theld out\n1\t1\t0\t2\t\n2\t\t0\t2\t9');
});

it('places a step between the stretches around it', () => {
  const series = { firstStep: [1, 11], lastStep: [10, 20], elapsedMs: [100, 300], fields: {} };
  expect(placeOfStep(series, series.elapsedMs, 0)).toBe(0);
  expect(placeOfStep(series, series.elapsedMs, 15)).toBe(200);
  expect(placeOfStep(series, series.elapsedMs, 99)).toBe(300);
});
