import type { SeriesField } from '../../../src-main/contract/history.ts';
import type { Hue } from '../../charts/line.ts';
import { BYTES, COUNT, MILLISECONDS, SHARE, type Quantity } from '../../charts/quantity.ts';

export interface ChartLine {
  field: SeriesField;
  label: string;
  hue: Hue;
  dash?: readonly number[];
  /** Whether it has the noise of single batches, and so may be smoothed; a setting or a size may not. */
  isNoisy?: boolean;
}

/** One chart of a run. The charts of a screen are this table. */
export interface ChartSpec {
  title: string;
  unit?: string;
  lines: readonly ChartLine[];
  /** What the lines are made of: drawn in their place where every part has values. */
  parts?: readonly ChartLine[];
  /** What of an evaluation belongs on it. */
  evaluation?: { label: string; hue: Hue; field: 'divergence' | 'loss' };
  isStacked?: boolean;
  isFromZero?: boolean;
  quantity?: Quantity;
}

const DASHED = [6, 3];

export const CHARTS: readonly ChartSpec[] = [
  {
    title: 'Loss', unit: 'nats',
    lines: [{ field: 'loss', label: 'training', hue: 'student', isNoisy: true }],
    // A batch that is drawn to be the student's own or the data's has another loss: two lines, not one that jumps.
    parts: [
      { field: 'lossOnPolicy', label: 'on the student\'s text', hue: 'student', isNoisy: true },
      { field: 'lossOffPolicy', label: 'on the data', hue: 'data', dash: DASHED, isNoisy: true },
    ],
  },
  {
    title: 'Divergence', unit: 'nats a token',
    lines: [
      { field: 'divergenceOnPolicy', label: 'on the student\'s text', hue: 'student', isNoisy: true },
      { field: 'divergenceOffPolicy', label: 'on the data', hue: 'data', dash: DASHED, isNoisy: true },
    ],
    evaluation: { label: 'held out', hue: 'accent', field: 'divergence' },
  },
  {
    title: 'Entropy', unit: 'nats a token',
    lines: [
      { field: 'studentEntropy', label: 'student', hue: 'student', isNoisy: true },
      { field: 'teacherEntropy', label: 'teacher', hue: 'teacher', dash: DASHED, isNoisy: true },
    ],
  },
  { title: 'Agreement', unit: 'of the first choice', lines: [{ field: 'agreement', label: 'share of tokens', hue: 'student', isNoisy: true }], quantity: SHARE },
  { title: 'Known of the teacher', unit: 'probability of the tokens that its server tells, or that both models have', lines: [{ field: 'teacherCovered', label: 'covered', hue: 'teacher', isNoisy: true }], quantity: SHARE },
  { title: 'Compared', unit: 'tokens at which the teacher is known', lines: [{ field: 'teacherCompared', label: 'share of tokens', hue: 'student', isNoisy: true }], quantity: SHARE },
  { title: 'Reward', unit: 'mean of the student\'s texts', lines: [{ field: 'reward', label: 'in training', hue: 'student', isNoisy: true }] },
  { title: 'Length of the student\'s texts', unit: 'tokens', lines: [{ field: 'rolloutLength', label: 'mean', hue: 'student', isNoisy: true }] },
  { title: 'Texts the student ended', lines: [{ field: 'rolloutEosRate', label: 'with its end token', hue: 'student', isNoisy: true }], quantity: SHARE, isFromZero: true },
  { title: 'Gradient norm', unit: 'before clipping', lines: [{ field: 'gradientNorm', label: 'whole gradient', hue: 'accent', isNoisy: true }] },
  { title: 'Loss scale', unit: 'what gradients in float16 are multiplied with', lines: [{ field: 'lossScale', label: 'loss scale', hue: 'accent' }], isFromZero: true, quantity: COUNT },
  { title: 'Skipped steps', unit: 'their gradient was not finite', lines: [{ field: 'skipped', label: 'so far', hue: 'accent' }], isFromZero: true, quantity: COUNT },
  { title: 'Learning rate', lines: [{ field: 'learningRate', label: 'learning rate', hue: 'accent' }], isFromZero: true },
  {
    title: 'Time of a step', isStacked: true, quantity: MILLISECONDS,
    lines: [
      { field: 'rolloutMs', label: 'rollout', hue: 'student', isNoisy: true },
      { field: 'teacherMs', label: 'teacher', hue: 'teacher', isNoisy: true },
      { field: 'updateMs', label: 'update', hue: 'data', isNoisy: true },
    ],
  },
  { title: 'Speed', unit: 'tokens a second', lines: [{ field: 'tokensPerSecond', label: 'learned from', hue: 'accent', isNoisy: true }], isFromZero: true, quantity: COUNT },
  { title: 'Memory', unit: 'of the worker', lines: [{ field: 'memory', label: 'resident', hue: 'accent' }], isFromZero: true, quantity: BYTES },
  { title: 'Memory of the device', unit: 'held for the run', lines: [{ field: 'deviceMemory', label: 'weights, moments and the rest', hue: 'accent' }], isFromZero: true, quantity: BYTES },
  { title: 'Lambda', unit: 'share of the student\'s own text', lines: [{ field: 'lambda', label: 'asked for', hue: 'accent' }, { field: 'onPolicyShare', label: 'drawn', hue: 'student', dash: DASHED }], quantity: SHARE, isFromZero: true },
];

/** The loss on held-out text is a likelihood, and so only comparable with a loss that is one. */
export const HELD_OUT_LOSS: ChartSpec = {
  title: 'Held-out loss', unit: 'nats a token', lines: [],
  evaluation: { label: 'reference text', hue: 'accent', field: 'loss' },
};
