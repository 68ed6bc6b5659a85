import type { Series } from '../../src-main/contract/history.ts';
import { duration, plain, shortCount, tick } from '../format.ts';

export const X_AXES = ['step', 'epoch', 'tokens', 'time'] as const;
export type XAxis = (typeof X_AXES)[number];

export const X_NAMES: Record<XAxis, string> = { step: 'Step', epoch: 'Epoch', tokens: 'Tokens', time: 'Time' };

/** Where each stretch of a series ends along an axis; time in milliseconds of work. */
export function xOf(series: Series, axis: XAxis): number[] {
  switch (axis) {
    case 'step': return series.lastStep;
    case 'time': return series.elapsedMs;
    case 'epoch': return filled(series.fields.epoch?.max);
    case 'tokens': return filled(series.fields.totalTokens?.max);
  }
}

/** A missing place is that of the point before. */
function filled(values: readonly (number | null)[] = []): number[] {
  let last = 0;
  return values.map((value) => last = value ?? last);
}

/** A place on an axis, for a person. */
export function xText(axis: XAxis, value: number): string {
  switch (axis) {
    case 'step': return plain(value);
    case 'epoch': return plain(value);
    case 'tokens': return shortCount(value);
    case 'time': return duration(value);
  }
}

export const xTick = (axis: XAxis, value: number): string => (axis === 'time' ? duration(value) : axis === 'tokens' ? shortCount(value) : tick(value));

/** Distances of ticks where there is nothing between two whole numbers. */
const WHOLE_STEPS = Array.from({ length: 15 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Distances of ticks that read well, in milliseconds. */
export const TIME_STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 4, 8, 12, 24, 48, 96, 240].map((count) => count * HOUR),
];

/** Distances of ticks along an axis; null leaves them to the plot. */
export const tickSteps = (axis: XAxis): number[] | null => ({ step: WHOLE_STEPS, tokens: WHOLE_STEPS, time: TIME_STEPS, epoch: null })[axis];

/** Where a step lies on an axis, between the ends of the stretches around it. */
export function placeOfStep(series: Series, x: readonly number[], step: number): number {
  const at = series.lastStep.findIndex((last) => last >= step);
  if (at < 0) return x.at(-1) ?? 0;
  const [before, after] = [at === 0 ? 0 : series.lastStep[at - 1]!, series.lastStep[at]!];
  const [from, to] = [at === 0 ? 0 : x[at - 1]!, x[at]!];
  return after === before ? to : from + ((to - from) * (step - before)) / (after - before);
}
