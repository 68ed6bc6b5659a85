import type { Score } from '../../contract/events.ts';
import type { Study } from '../../contract/study.ts';
import { dotPlot } from '../../picture/dot-plot.ts';
import { linePlot, type PlotLine } from '../../picture/line-plot.ts';
import { groupBy } from './group-by.ts';
import type { Line } from './summarize.ts';

/** The study's picture as an SVG document, or null where there is nothing of its metric to draw. */
export function pictureOf({ name, chart: { x, y, evaluation, log }, evaluations, grid }: Study, lines: readonly Line[]): string | null {
  const isField = x !== undefined && x in grid;
  const wanted = evaluation ?? (x === undefined || isField ? evaluations[0]?.name : undefined);
  const drawn = lines.filter((line) => y in line.metrics && (wanted === undefined || line.evaluation === wanted));
  if (drawn.length === 0) return null;
  if (x === undefined) {
    return dotPlot({ title: name, axis: y, rows: drawn.map((line) => ({ label: labelOf(line), score: line.metrics[y]!, isGiven: line.system === null })) });
  }
  const made = drawn.filter((line) => line.system !== null);
  const series = [...groupBy(made, ({ system }) => system!.arm)].map(([label, group]): PlotLine => ({
    label, points: group.flatMap((line) => {
      const across = isField ? whole(Number(line.system!.point[x])) : line.metrics[x];
      return across && Number.isFinite(across.value) ? [{ x: across, y: line.metrics[y]!, label: isField ? null : line.evaluation }] : [];
    }),
  }));
  const levels = isField ? drawn.filter((line) => line.system === null).map((line) => ({ label: line.name, value: line.metrics[y]!.value })) : [];
  return linePlot({ title: name, xAxis: isField ? x.split('.').at(-1)! : x, yAxis: y, log, lines: series, levels });
}

const whole = (value: number): Score => ({ value, low: null, high: null });

/** An arm with its point of the grid. */
function labelOf({ system, name }: Line): string {
  return system ? [name, ...Object.entries(system.point).map(([field, value]) => `${field.split('.').at(-1)} ${JSON.stringify(value)}`)].join(', ') : name;
}
