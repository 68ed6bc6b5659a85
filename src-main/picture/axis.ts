import { scaleLinear, scaleLog, type ScaleContinuousNumeric } from 'd3-scale';
import type { Score } from '../contract/events.ts';
import { line, text } from './svg.ts';

/** Values on an axis and where they lie in the picture. */
export interface Axis { scale: ScaleContinuousNumeric<number, number>; ticks: number[]; format(value: number): string }

/** An axis on which all scores with their intervals have room. @param range  pixels of its ends */
export function axisFor(scores: readonly Score[], range: readonly [number, number], { log = false, count = 6 } = {}): Axis {
  const ends = scores.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  let [from, to] = [Math.min(...ends), Math.max(...ends)];
  if (from === to) [from, to] = log ? [from / 2, to * 2] : [from - 1, to + 1];
  const scale = (log ? scaleLog() : scaleLinear()).domain([from, to]).range(range).nice();
  const format = scale.tickFormat(count);
  return { scale, ticks: scale.ticks(count), format: (value) => format(value) };
}

/** The lines of the ticks of an axis along the bottom, and its name. */
export function bottomAxis({ scale, ticks, format }: Axis, name: string, { top, bottom }: { top: number; bottom: number }): string[] {
  const [left, right] = scale.range() as [number, number];
  return [
    ...ticks.flatMap((tick) => [line(scale(tick), top, scale(tick), bottom, 'class="grid"'), text(scale(tick), bottom + 16, format(tick), 'class="quiet" text-anchor="middle"')]),
    text((left + right) / 2, bottom + 36, name, 'text-anchor="middle"'),
  ];
}

/** The same on the left. */
export function leftAxis({ scale, ticks, format }: Axis, name: string, { left, right }: { left: number; right: number }): string[] {
  const [, top] = scale.range() as [number, number];
  return [
    ...ticks.flatMap((tick) => [line(left, scale(tick), right, scale(tick), 'class="grid"'), text(left - 8, scale(tick) + 4, format(tick), 'class="quiet" text-anchor="end"')]),
    text(16, top - 10, name),
  ];
}
