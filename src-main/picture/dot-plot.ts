import type { Score } from '../contract/events.ts';
import { axisFor, bottomAxis } from './axis.ts';
import { document, dot, ink, line, text } from './svg.ts';

export interface DotPlot {
  title: string;
  axis: string;
  /** From above; `isGiven` rows are what the others are seen against. */
  rows: readonly { label: string; score: Score; isGiven: boolean }[];
}

const WIDTH = 720;
const ROW = 24;
const TOP = 48;

/** A row for each name: its value as a dot, its interval as a line. */
export function dotPlot({ title, axis: name, rows }: DotPlot): string {
  // Six and a half pixels are a wide letter of the font; labels that are too long even so are cut off at the left edge.
  const left = Math.min(280, 32 + 6.5 * Math.max(...rows.map(({ label }) => label.length)));
  const bottom = TOP + ROW * rows.length;
  const axis = axisFor(rows.map(({ score }) => score), [left, WIDTH - 80]);
  const body = rows.flatMap(({ label, score: { value, low, high }, isGiven }, at) => {
    const y = TOP + ROW * (at + 0.5);
    const look = ink(isGiven ? 5 : 0);
    return [
      text(left - 12, y + 4, label, `text-anchor="end"${isGiven ? ' class="quiet"' : ''}`),
      ...(low === null || high === null ? [] : [line(axis.scale(low), y, axis.scale(high), y, look)]),
      dot(axis.scale(value), y, `${label}: ${value}`, look),
      text(WIDTH - 64, y + 4, value.toPrecision(4), 'class="quiet"'),
    ];
  });
  return document(WIDTH, bottom + 52, title, [...bottomAxis(axis, name, { top: TOP, bottom }), ...body]);
}
