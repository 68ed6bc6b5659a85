import type { StepMetrics } from '../../src-main/contract/events.ts';
import { SERIES_FIELDS, type Series, type SeriesField, type ThinnedField } from '../../src-main/contract/history.ts';

export const EMPTY_SERIES: Series = { firstStep: [], lastStep: [], elapsedMs: [], fields: {} };

/**
 * A series with steps after it, each a point of its own. A resumed run makes the steps since its checkpoint again:
 * what is known of them goes.
 */
export function withSteps(series: Series, steps: readonly StepMetrics[]): Series {
  const [first] = steps;
  if (!first) return series;
  const kept = series.lastStep.findIndex((last) => last >= first.step);
  const before = kept < 0 ? series : firstPoints(series, kept);
  let elapsed = before.elapsedMs.at(-1) ?? 0;
  const numbers = steps.map(({ step }) => step);
  const field = (name: SeriesField): ThinnedField => {
    const values = steps.map((step) => valueOf(step, name));
    const old = before.fields[name] ?? { mean: [], min: [], max: [] };
    return { mean: [...old.mean, ...values], min: [...old.min, ...values], max: [...old.max, ...values] };
  };
  return {
    firstStep: [...before.firstStep, ...numbers],
    lastStep: [...before.lastStep, ...numbers],
    elapsedMs: [...before.elapsedMs, ...steps.map(({ stepMs }) => elapsed += stepMs)],
    fields: Object.fromEntries(SERIES_FIELDS.map((name) => [name, field(name)])),
  };
}

/** A field of one step; null where it has none. */
export function valueOf(step: StepMetrics, name: SeriesField): number | null {
  if (name === 'lossOnPolicy') return step.onPolicyShare === 1 ? step.loss : null;
  if (name === 'lossOffPolicy') return step.onPolicyShare === 0 ? step.loss : null;
  return step[name];
}

function firstPoints(series: Series, count: number): Series {
  const cut = ({ mean, min, max }: ThinnedField): ThinnedField => ({ mean: mean.slice(0, count), min: min.slice(0, count), max: max.slice(0, count) });
  return {
    firstStep: series.firstStep.slice(0, count),
    lastStep: series.lastStep.slice(0, count),
    elapsedMs: series.elapsedMs.slice(0, count),
    fields: Object.fromEntries(Object.entries(series.fields).map(([name, field]) => [name, cut(field)])),
  };
}
