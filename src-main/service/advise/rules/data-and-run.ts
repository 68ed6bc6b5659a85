import type { Advice } from '../../../contract/advice.ts';
import { timeText } from '../../../contract/forecast-text.ts';
import type { Facts } from '../facts.ts';
import { UPDATES } from '../probe-rate.ts';
import { nats } from '../sums.ts';

/** A row in so many is chance, or a short answer; more is a file that was put together carelessly. */
const MANY = 0.02;
const DAY = 24 * 3_600_000;

/** Held-out rows that are trained on measure memory. */
export function leaks({ repeats: { leaked, leakedPrompts, heldOut, first }, recipe: { data } }: Facts): Advice[] {
  if (leaked + leakedPrompts === 0) return [];
  const parts = [
    ...(leaked > 0 ? [`${leaked} with their answers`] : []),
    ...(leakedPrompts > 0 ? [`${leakedPrompts} with another answer to the same prompt`] : []),
  ];
  return [{
    code: 'leak', level: 'notice', field: data.validation === undefined ? 'data.validationShare' : 'data.validation', measured: ['data.leaks'],
    message: `${leaked + leakedPrompts} of ${heldOut} held-out rows stand in the training data as well (${parts.join(', ')}; the first is ${first}): on them evaluations measure what was learned by heart.`,
    hint: 'Take them out of one of the two.',
  }];
}

/** Rows that are there twice count twice. */
export function duplicates({ repeats: { duplicates: count, train } }: Facts): Advice[] {
  if (count < MANY * train) return [];
  return [{
    code: 'duplicates', level: 'notice', field: 'data.train', measured: ['data.duplicates'],
    message: `${count} of ${train} training rows are equal to one before them, and are learned so many times more.`, hint: 'Keep one of each, unless that is meant.',
  }];
}

/** A learning rate that unlearns, or that moves nothing. */
export function learningRate({ rate, recipe: { train }, steps }: Facts): Advice[] {
  if (!rate || rate.verdict === 'fits') return [];
  const changeAt = (of: number): string => {
    const { change: { value, low, high } } = rate.tried.find(({ rate: tried }) => tried === of)!;
    const signed = (change: number): string => (change > 0 ? `+${nats(change)}` : `-${nats(-change)}`);
    return `${signed(value)} (${signed(low!)} to ${signed(high!)})`;
  };
  const tried = `${UPDATES} updates at ${train.learningRate} change the loss on ${rate.texts} texts by ${changeAt(train.learningRate)} nats a token, from ${nats(rate.before)}`;
  return [{
    code: 'rate', level: 'notice', field: 'train.learningRate', measured: rate.tried.map(({ rate: at }) => `rate.${at}`),
    message: rate.verdict === 'too-high' ? `The learning rate is too high for this student: ${tried}.${rate.better === null ? '' : ` At ${rate.better} it is ${changeAt(rate.better)}.`}`
      : `The learning rate is too low for ${steps} steps: ${tried}. At ${rate.better} it is ${changeAt(rate.better!)}.`,
    ...(rate.better === null ? { hint: 'Lower ones that were tried do harm as well: begin with a hundredth of it, or with warm-up.' } : { mend: { label: `Use ${rate.better}`, patch: { train: { learningRate: rate.better } } } }),
  }];
}

/** A run of more than a day, and what takes its time. */
export function longRun({ pace: { totalMs, stepMs, rolloutMs, teacherMs, updateMs }, steps }: Facts): Advice[] {
  if (totalMs < DAY) return [];
  const parts = [['the student writes', rolloutMs], ['the teacher judges', teacherMs], ['learning', updateMs]] as const;
  const [most] = [...parts].sort((a, b) => b[1] - a[1]);
  return [{
    code: 'long-run', level: 'notice', field: 'train.steps', measured: ['run.step', 'run.time'],
    message: `The run takes about ${timeText(totalMs)}: ${steps} steps of ${timeText(stepMs)}, of which ${timeText(most![1])} goes into one thing (${most![0]}).`,
    hint: 'Fewer steps, shorter texts, or a device with more to give (docs/devices.md).',
  }];
}
