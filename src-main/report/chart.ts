import type { StoredScore } from '../contract/history.ts';
import { axisFor, bottomAxis, leftAxis, type Axis } from '../picture/axis.ts';
import { band, dot, line, polyline } from '../picture/svg.ts';
import { drawn, html, type Html } from './html.ts';
import { table } from './table.ts';
import { count, interval, tick, type Quantity } from './write-number.ts';

/** One meaning for each colour, as in the program: the teacher's, the student's, the data's, and none of them. */
export type Hue = 'student' | 'teacher' | 'data' | 'accent';

/** Values over steps. `from` is the first step a value stands for; an interval is drawn through a dot, a spread as a band. */
export interface ChartLine {
  label: string;
  hue: Hue;
  isDashed?: boolean;
  shows: 'interval' | 'spread';
  points: readonly (StoredScore & { from: number; step: number })[];
}

export interface Chart { id: string; title: string; unit: string; lines: readonly ChartLine[]; quantity: Quantity; isFromZero?: boolean }

const WIDTH = 360;
const HEIGHT = 196;
const FRAME = { left: 50, right: 348, top: 28, bottom: 158 };

type Known = ChartLine['points'][number] & { value: number };
type KnownLine = Omit<ChartLine, 'points'> & { points: readonly Known[] };

/** A chart with a table of its numbers below. @param steps  the first and last step, the same for all charts of a page */
export function chart({ id, title, unit, lines: all, quantity, isFromZero = false }: Chart, steps: readonly [number, number]): Html {
  const lines = all.map(knownLine).filter(({ points }) => points.length > 0);
  const x = axisFor(steps.map(only), [FRAME.left, FRAME.right], { count: 4 });
  const y = upAxis(lines.flatMap(({ points }) => points), quantity, isFromZero);
  const body = [
    ...bottomAxis({ ...x, format: count }, 'step', FRAME), ...leftAxis(y, unit, FRAME),
    ...lines.flatMap((each) => (each.shows === 'spread' ? spread(each, x, y) : [])), ...lines.flatMap((each) => path(each, x, y, quantity)),
  ];
  return html`<figure class="chart" aria-labelledby="${id}-name">
<figcaption><h3 id="${id}-name">${title}</h3>${lines.map(key)}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-title ${id}-text">
<title id="${id}-title">${title}${unit && ` (${unit})`} by step</title>
<desc id="${id}-text">${lines.map((each) => inWords(each, quantity)).join(' ')}</desc>
${drawn(body)}
</svg>
<details><summary>Numbers<span class="hidden"> of ${title}</span></summary>${numbers(title, lines, quantity)}</details>
</figure>`;
}

const isKnown = (point: ChartLine['points'][number]): point is Known => point.value !== null && Number.isFinite(point.value);
const knownLine = (each: ChartLine): KnownLine => ({ ...each, points: each.points.filter(isKnown).map((point) => ({ ...point, low: finite(point.low), high: finite(point.high) })) });
const only = (value: number): { value: number; low: null; high: null } => ({ value, low: null, high: null });
const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null);

function upAxis(points: readonly Known[], quantity: Quantity, isFromZero: boolean): Axis {
  const values = points.map(({ value, high }) => high ?? value);
  const isFlat = new Set(values).size === 1;
  // An axis around one share would reach beyond all of them, and one from 0 to 0 below it.
  const atZero = isFromZero || (quantity.isShare && isFlat) ? [only(0), ...(Math.max(...values) === 0 ? [only(1)] : [])] : [];
  return { ...axisFor([...points, ...atZero], [FRAME.bottom, FRAME.top], { count: 4 }), format: quantity.isShare ? (value) => `${tick(value * 100)}%` : tick };
}

const look = ({ hue, isDashed }: Pick<ChartLine, 'hue' | 'isDashed'>): string => `class="hue-${hue}"${isDashed ? ' stroke-dasharray="5 3"' : ''}`;

function spread({ hue, points }: KnownLine, x: Axis, y: Axis): string[] {
  const ends = points.filter((point): point is Known & { low: number; high: number } => point.low !== null && point.high !== null);
  if (!ends.some(({ low, high }) => high > low)) return [];
  const place = (end: 'low' | 'high') => ends.map((point) => [x.scale(point.step), y.scale(point[end])] as const);
  return [band(place('high'), place('low'), `class="band hue-${hue}"`)];
}

function path(each: KnownLine, x: Axis, y: Axis, quantity: Quantity): string[] {
  const { label, points, shows } = each;
  const places = points.map(({ step, value }) => [x.scale(step), y.scale(value)] as const);
  const isDotted = shows === 'interval' || points.length === 1;
  return [
    polyline(places, look(each)),
    ...points.flatMap(({ step, value, low, high }, at) => {
      const [px, py] = places[at]!;
      return !isDotted ? [] : [
        ...(shows === 'interval' && low !== null && high !== null ? [line(px, y.scale(low), px, y.scale(high), `class="hue-${each.hue} whisker"`)] : []),
        dot(px, py, `${label}, step ${count(step)}: ${quantity.text(value)}`, `class="hue-${each.hue}"`),
      ];
    }),
  ];
}

function key(each: ChartLine): Html {
  return html`<span class="key"><svg viewBox="0 0 22 8" aria-hidden="true">${drawn([line(1, 4, 21, 4, look(each))])}</svg>${each.label}</span>`;
}

/** What a person would see of a line, for those who have it read out. */
function inWords({ label, points }: KnownLine, { text: write }: Quantity): string {
  const [first, last] = [points[0]!, points.at(-1)!];
  const values = points.map(({ value }) => value);
  return `${label}: ${write(first.value)} at step ${count(first.step)}, ${write(last.value)} at step ${count(last.step)}; ${write(Math.min(...values))} at the least, ${write(Math.max(...values))} at the most.`;
}

function numbers(title: string, lines: readonly KnownLine[], quantity: Quantity): Html {
  const rows = new Map<number, { steps: string; cells: string[] }>();
  lines.forEach(({ points }, at) => {
    for (const { from, step, value, ...ends } of points) {
      const row = rows.get(step) ?? { steps: from === step ? count(step) : `${count(from)} to ${count(step)}`, cells: [] };
      row.cells[2 * at] = quantity.text(value);
      row.cells[2 * at + 1] = interval(ends, quantity);
      rows.set(step, row);
    }
  });
  return table({
    caption: `${title}: numbers`,
    head: ['steps', ...lines.flatMap(({ label, shows }) => [label, shows === 'interval' ? '95% interval' : 'smallest to largest'])],
    rows: [...rows].sort(([one], [other]) => one - other).map(([, { steps, cells }]) => [steps, ...Array.from({ length: 2 * lines.length }, (_, at) => cells[at] ?? '')]),
  });
}
