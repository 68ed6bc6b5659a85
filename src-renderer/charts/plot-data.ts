import uPlot from 'uplot';
import type { Line } from './line.ts';
import { middle, smooth } from './smooth.ts';

type Column = (number | null | undefined)[];

export interface View { isLog: boolean; isClipped: boolean; smoothing: number }

/** Columns of one line: what is drawn strongly, what it was before smoothing, and the band around it. */
export const COLUMNS_A_LINE = 4;

/**
 * The table uPlot draws: x, then four columns a line (shown, as it was, smallest, largest). Lines with other places
 * on the x axis are brought to the places of all.
 */
export function plotData(lines: readonly Line[], { isLog, smoothing }: View): uPlot.AlignedData {
  const positive = (values: readonly (number | null)[]): Column => (isLog ? values.map((value) => (value !== null && value > 0 ? value : null)) : values as Column);
  const tables = lines.map(({ x, mean, min, max, isNoisy = false }): [readonly number[], ...Column[]] => [
    x,
    positive(isSmoothed(isNoisy, smoothing) ? smooth(mean, smoothing) : mean),
    isSmoothed(isNoisy, smoothing) ? positive(mean) : [],
    positive(min ?? []),
    positive(max ?? []),
  ].map((column, at) => (at > 0 && column.length === 0 ? new Array<null>(x.length).fill(null) : column)) as [readonly number[], ...Column[]]);
  const [first] = tables;
  if (!first) return [[]];
  if (tables.every(([x]) => x === first[0])) return [first[0], ...tables.flatMap(([, ...columns]) => columns)] as uPlot.AlignedData;
  return uPlot.join(tables as uPlot.AlignedData[]);
}

/** The column of a line's values as they were measured: what is told of it, whatever is drawn. */
export const measuredColumn = (at: number, { isNoisy = false }: Line, { smoothing }: View): number => 1 + at * COLUMNS_A_LINE + (isSmoothed(isNoisy, smoothing) ? 1 : 0);

const isSmoothed = (isNoisy: boolean, smoothing: number): boolean => isNoisy && smoothing > 0;

/** Values on top of one another: each line becomes the sum of itself and those before it. */
export function stacked(lines: readonly Line[]): Line[] {
  let below: number[] = [];
  return lines.map((line) => {
    below = line.mean.map((value, at) => (below[at] ?? 0) + (value ?? 0));
    return { ...line, mean: below, min: undefined, max: undefined };
  });
}

/** Lowest and highest value to show; null leaves it to the plot. @param most  the largest value that there can be */
export function yRange(lines: readonly Line[], marks: readonly number[], { isLog, isClipped }: View, isFromZero: boolean, most = Infinity): [number, number] | null {
  const means = lines.flatMap(({ mean }) => mean.filter((value): value is number => value !== null));
  const clipped = isClipped ? middle(means) : null;
  const all = clipped ? [...clipped, ...marks] : [...means, ...marks, ...lines.flatMap(({ min = [], max = [] }) => [...min, ...max].filter((value): value is number => value !== null))];
  const fit = isLog ? all.filter((value) => value > 0) : all;
  if (fit.length === 0) return null;
  let [low, high] = [Infinity, -Infinity];
  for (const value of fit) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (isLog) return [rounded(low, 'down'), rounded(high, 'up')];
  const top = Math.max(high, most);
  if (isFromZero) return [0, Math.min(top, high === 0 ? 1 : high * 1.06)];
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  // What is never negative has no axis below zero.
  return [low >= 0 ? Math.max(0, low - room) : low - room, Math.min(top, high + room)];
}

/** The nearest 1, 2 or 5 times a power of ten below or above: where a logarithmic axis can have a tick. */
function rounded(value: number, way: 'down' | 'up'): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const steps = [1, 2, 5, 10];
  const fraction = value / power;
  const step = way === 'down' ? steps.findLast((known) => known <= fraction * (1 + 1e-9)) : steps.find((known) => known >= fraction * (1 - 1e-9));
  return (step ?? fraction) * power;
}
