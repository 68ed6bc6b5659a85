import type uPlot from 'uplot';
import type { Hue, Line, Points } from './line.ts';
import { nearest } from './nearest.ts';
import { COLUMNS_A_LINE } from './plot-data.ts';
import type { Quantity } from './quantity.ts';
import { tickSteps, xTick, type XAxis } from './x-axis.ts';

export interface PlotOptions {
  width: number;
  height: number;
  lines: readonly Line[];
  axis: XAxis;
  isLog: boolean;
  isStacked: boolean;
  /** Read anew whenever the plot is drawn. */
  points: () => readonly Points[];
  /** Places on the x axis where something else begins. */
  marks: () => readonly number[];
  xRange: () => readonly [number, number] | null;
  yRange: () => [number, number] | null;
  onCursor: (at: number | null) => void;
  /** The person has drawn a stretch of the x axis. */
  onSelect: (from: number, to: number) => void;
  quantity: Quantity;
}

/** The cursor of all charts of a window is at one place. */
const SYNC = 'charts';

export function plotOptions({ width, height, lines, axis, isLog, isStacked, points, marks, xRange, yRange, onCursor, onSelect, quantity }: PlotOptions): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const [text, grid] = [colour('text-2'), colour('border')];
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const incrs = tickSteps(axis);
  const axisStyle: uPlot.Axis = { stroke: text, font, ticks: { show: false }, grid: { stroke: grid, width: 1 } };
  return {
    width, height,
    legend: { show: false },
    padding: [8, 26, 0, 0],
    cursor: {
      sync: { key: SYNC, setSeries: false },
      drag: { x: true, y: false, setScale: false },
      y: false,
      points: { size: 6 },
      dataIdx: (plot, series, at) => nearest(plot.data[series] ?? [], at),
    },
    scales: { x: { time: false, range: (_, low, high) => { const [from, to] = xRange() ?? [low, high]; return [from, to > from ? to : from + 1]; } }, y: { distr: isLog ? 3 : 1, range: (_, low, high) => yRange() ?? [low ?? 0, high ?? 1] } },
    axes: [
      { ...axisStyle, size: 24, space: 56, values: (_, places) => places.map((place) => xTick(axis, place)), ...(incrs && { incrs }) },
      { ...axisStyle, size: 60, space: 28, values: (_, places) => places.map((place) => (place === null ? '' : quantity.tick(place))), ...(quantity.steps && { incrs: quantity.steps }) },
    ],
    series: [{}, ...lines.flatMap(({ hue, dash }): uPlot.Series[] => {
      const stroke = colour(hue);
      const none: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false }, spanGaps: true };
      return [
        { stroke, width: isStacked ? 1 : 1.5, dash: [...dash ?? []], spanGaps: true, points: { show: isAlone, size: 5 }, ...(isStacked && { fill: translucent(stroke, 0.35) }) },
        { stroke: translucent(stroke, 0.35), width: 1, spanGaps: true, points: { show: false } },
        none, none,
      ];
    })],
    // The band lies between the largest and the smallest; of a stack, between a line and the one below it.
    bands: isStacked
      ? lines.slice(1).map((_, at) => ({ series: [1 + (at + 1) * COLUMNS_A_LINE, 1 + at * COLUMNS_A_LINE] as uPlot.Band.Bounds }))
      : lines.map(({ hue }, at) => ({ series: [4 + at * COLUMNS_A_LINE, 3 + at * COLUMNS_A_LINE] as uPlot.Band.Bounds, fill: translucent(colour(hue), 0.16) })),
    hooks: {
      draw: [(plot) => {
        drawMarks(plot, marks(), text);
        drawPoints(plot, points(), colour);
      }],
      setCursor: [({ cursor: { idx, left } }) => { onCursor(idx == null || (left ?? -1) < 0 ? null : idx); }],
      setSelect: [(plot) => {
        const { left, width: wide } = plot.select;
        if (wide > 4) onSelect(plot.posToVal(left, 'x'), plot.posToVal(left + wide, 'x'));
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
    },
  };
}

/** A line through one value is none: it is drawn as a dot. */
const isAlone = ({ data }: uPlot, series: number): boolean => (data[series] as (number | null | undefined)[]).reduce<number>((found, value) => (value == null ? found : found + 1), 0) === 1;

/** A dashed line from top to bottom at each place. */
function drawMarks(plot: uPlot, places: readonly number[], colour: string): void {
  const { ctx, bbox: { left, top, width, height } } = plot;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  for (const place of places) {
    const x = Math.round(plot.valToPos(place, 'x', true));
    if (x < left || x > left + width) continue;
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
  }
  ctx.stroke();
  ctx.restore();
}

/** A diamond at each value, a line along its interval. */
function drawPoints(plot: uPlot, groups: readonly Points[], colour: (hue: Hue | 'surface') => string): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.bbox.left - 6 * ratio, plot.bbox.top - 6 * ratio, plot.bbox.width + 12 * ratio, plot.bbox.height + 12 * ratio);
  ctx.clip();
  const y = (value: number): number => plot.valToPos(value, 'y', true);
  for (const { hue, points } of groups) {
    ctx.strokeStyle = colour(hue);
    ctx.fillStyle = colour('surface');
    ctx.lineWidth = 1.5 * ratio;
    for (const { x: place, value, low, high } of points) {
      const [x, size] = [plot.valToPos(place, 'x', true), 4 * ratio];
      ctx.beginPath();
      if (low !== null && high !== null) {
        ctx.moveTo(x, y(low));
        ctx.lineTo(x, y(high));
      }
      ctx.stroke();
      ctx.beginPath();
      ctx.moveTo(x, y(value) - size);
      ctx.lineTo(x + size, y(value));
      ctx.lineTo(x, y(value) + size);
      ctx.lineTo(x - size, y(value));
      ctx.closePath();
      ctx.fill();
      ctx.stroke();
    }
  }
  ctx.restore();
}

function translucent(hex: string, alpha: number): string {
  return `${hex}${Math.round(alpha * 255).toString(16).padStart(2, '0')}`;
}
