import type { Score } from '../contract/events.ts';
import { axisFor, bottomAxis, leftAxis } from './axis.ts';
import { document, dot, ink, line, polyline, text } from './svg.ts';

export interface PlotLine { label: string; points: readonly { x: Score; y: Score; label: string | null }[] }

export interface LinePlot {
  title: string;
  xAxis: string;
  yAxis: string;
  log: boolean;
  lines: readonly PlotLine[];
  /** Values that hold everywhere: the teacher's, the student's before. */
  levels: readonly { label: string; value: number }[];
}

const WIDTH = 720;
const HEIGHT = 400;
const FRAME = { left: 64, right: 540, top: 56, bottom: 348 };

/** Lines over a number, their points with intervals. */
export function linePlot({ title, xAxis, yAxis, log, lines, levels }: LinePlot): string {
  const points = lines.flatMap((one) => one.points);
  const x = axisFor(points.map((point) => point.x), [FRAME.left, FRAME.right], { log });
  const y = axisFor([...points.map((point) => point.y), ...levels.map(({ value }) => ({ value, low: null, high: null }))], [FRAME.bottom, FRAME.top]);
  const body = lines.flatMap(({ label, points: own }, at) => {
    const look = ink(at);
    const places = own.map((point) => [x.scale(point.x.value), y.scale(point.y.value)] as const);
    return [
      polyline(places, look),
      ...own.flatMap(({ x: across, y: up, label: name }, index) => {
        const [px, py] = places[index]!;
        return [
          ...(up.low === null || up.high === null ? [] : [line(px, y.scale(up.low), px, y.scale(up.high), look)]),
          ...(across.low === null || across.high === null ? [] : [line(x.scale(across.low), py, x.scale(across.high), py, look)]),
          dot(px, py, `${label}, ${name ?? `${xAxis} ${across.value}`}: ${up.value}`, look),
          ...(name === null ? [] : [text(px + 7, py - 7, name, 'class="quiet"')]),
        ];
      }),
      line(FRAME.right + 16, 64 + 20 * at, FRAME.right + 36, 64 + 20 * at, look),
      text(FRAME.right + 42, 68 + 20 * at, label),
    ];
  });
  const across = levels.flatMap(({ label, value }) => [
    line(FRAME.left, y.scale(value), FRAME.right, y.scale(value), 'class="level"'), text(FRAME.left + 4, y.scale(value) - 4, label, 'class="quiet"'),
  ]);
  return document(WIDTH, HEIGHT, title, [...bottomAxis(x, xAxis, FRAME), ...leftAxis(y, yAxis, FRAME), ...across, ...body]);
}
