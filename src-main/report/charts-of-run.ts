import type { Series, SeriesField, StoredEvaluation, StoredScore } from '../contract/history.ts';
import { chart, type Chart, type ChartLine, type Hue } from './chart.ts';
import { html, type Html } from './html.ts';
import { NUMBER, quantityOf, SHARE } from './write-number.ts';

interface TrainingLine { field: SeriesField; label: string; hue: Hue; isDashed?: boolean }
/** @param parts  what the lines are made of, drawn in their place where every part has values */
interface TrainingChart { title: string; unit: string; lines: readonly TrainingLine[]; parts?: readonly TrainingLine[]; quantity?: Chart['quantity']; isFromZero?: boolean }

/** The charts of what is measured at every step, in order. */
const TRAINING: readonly TrainingChart[] = [
  {
    title: 'Loss', unit: 'nats', lines: [{ field: 'loss', label: 'training', hue: 'student' }],
    parts: [{ field: 'lossOnPolicy', label: 'student\'s text', hue: 'student' }, { field: 'lossOffPolicy', label: 'data', hue: 'data', isDashed: true }],
  },
  {
    title: 'Divergence', unit: 'nats a token',
    lines: [
      { field: 'divergenceOnPolicy', label: 'student\'s text', hue: 'student' },
      { field: 'divergenceOffPolicy', label: 'data', hue: 'data', isDashed: true },
    ],
  },
  { title: 'Reward', unit: 'mean', lines: [{ field: 'reward', label: 'student\'s texts', hue: 'student' }] },
  { title: 'Agreement', unit: 'of the first choice', lines: [{ field: 'agreement', label: 'share of tokens', hue: 'student' }], quantity: SHARE },
  { title: 'Known of the teacher', unit: 'probability of the tokens told, or that both models have', lines: [{ field: 'teacherCovered', label: 'covered', hue: 'teacher' }], quantity: SHARE },
  { title: 'Compared', unit: 'tokens at which the teacher is known', lines: [{ field: 'teacherCompared', label: 'share of tokens', hue: 'student' }], quantity: SHARE },
  {
    title: 'Entropy', unit: 'nats a token',
    lines: [{ field: 'studentEntropy', label: 'student', hue: 'student' }, { field: 'teacherEntropy', label: 'teacher', hue: 'teacher', isDashed: true }],
  },
  { title: 'Length of rollouts', unit: 'tokens', lines: [{ field: 'rolloutLength', label: 'mean of a step', hue: 'student' }] },
  { title: 'Rollouts that ended', unit: 'with the end token', lines: [{ field: 'rolloutEosRate', label: 'share', hue: 'student' }], quantity: SHARE, isFromZero: true },
  { title: 'Gradient norm', unit: 'before clipping', lines: [{ field: 'gradientNorm', label: 'whole gradient', hue: 'accent' }] },
  { title: 'Learning rate', unit: '', lines: [{ field: 'learningRate', label: 'of the update', hue: 'accent' }], isFromZero: true },
];

/** The fields that a report reads of a run's steps. */
export const CHARTED_FIELDS: readonly SeriesField[] = TRAINING.flatMap(({ lines, parts = [] }) => [...lines, ...parts].map(({ field }) => field));

/** Everything measured of a run, over one and the same range of steps. */
export function chartsOf(series: Series, evaluations: readonly StoredEvaluation[]): Html {
  const isMeasured = ({ field }: TrainingLine): boolean => series.fields[field]?.mean.some((value) => value !== null) ?? false;
  const charts = [...evaluationCharts(evaluations), ...TRAINING.map(({ parts = [], ...spec }, at): Chart => ({
    quantity: NUMBER, ...spec, id: `training-${at}`, lines: (parts.length > 0 && parts.every(isMeasured) ? parts : spec.lines).map(({ field, ...line }) => ({ ...line, shows: 'spread', points: pointsOf(series, field) })),
  }))].filter(({ lines }) => lines.some(({ points }) => points.some(({ value }) => value !== null)));
  if (charts.length === 0) return html`<p class="quiet">No step was measured.</p>`;
  const steps = charts.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(({ step }) => step)));
  const first = Math.min(...steps);
  const range = [first, Math.max(first + 1, ...steps)] as const;
  return html`<div class="charts">${charts.map((each) => chart(each, range))}</div>`;
}

function evaluationCharts(evaluations: readonly StoredEvaluation[]): Chart[] {
  const points = (score: (evaluation: StoredEvaluation) => StoredScore | undefined): ChartLine['points'] => evaluations.flatMap((evaluation) => {
    const found = score(evaluation);
    return found ? [{ ...found, from: evaluation.step, step: evaluation.step }] : [];
  });
  const metrics = [...new Set(evaluations.flatMap((evaluation) => Object.keys(evaluation.metrics)))];
  return [
    ...metrics.map((name, at): Chart => ({
      id: `metric-${at}`, title: name, unit: 'held out', quantity: quantityOf(name), isFromZero: quantityOf(name).isShare,
      lines: [{ label: 'with 95% interval', hue: 'student', shows: 'interval', points: points((evaluation) => evaluation.metrics[name]) }],
    })),
    ...(['divergence', 'loss'] as const).map((name): Chart => ({
      id: `held-out-${name}`, title: `Held-out ${name}`, unit: 'nats a token', quantity: NUMBER,
      lines: [{
        label: 'with 95% interval', hue: 'accent', shows: 'interval', points: points((evaluation) => ({ value: evaluation[name], low: evaluation[`${name}Low`], high: evaluation[`${name}High`] })),
      }],
    })),
  ];
}

function pointsOf({ firstStep, lastStep, fields }: Series, field: SeriesField): ChartLine['points'] {
  const thinned = fields[field];
  return !thinned ? [] : lastStep.map((step, at) => ({ from: firstStep[at]!, step, value: thinned.mean[at]!, low: thinned.min[at]!, high: thinned.max[at]! }));
}
