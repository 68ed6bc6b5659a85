import { hasAnswers } from '../text/example-set.ts';
import { check, notice } from './check.ts';

const SHARE = 0.05;
/** Below this a share would be an example or none. */
const ENOUGH = 40;

/** There is something to see by whether the student gets better. */
export const heldOut = check('held-out', ['train', 'validation'], ({ train, validation }) => (validation.count > 0 ? [] : [notice('held-out', {
  field: 'data.validation', message: 'There are no held-out examples: the run cannot tell whether the student gets better.',
  hint: 'Give a validation file, or hold a share of the training examples out.',
  ...(train.count >= ENOUGH && { mend: { label: `Hold ${100 * SHARE}% out`, patch: { data: { validationShare: SHARE } } } }),
})]));

/** Answers that can be scored are. */
export const someMetric = check('no-metric', ['recipe', 'validation', 'evaluated'], ({ recipe: { evaluate }, validation, evaluated }) => {
  if (evaluate.metrics.length > 0 || validation.count === 0) return;
  const answers = evaluated.flatMap(({ completionText }) => (completionText === null ? [] : [completionText]));
  const metric = hasAnswers(validation, evaluate.examples) ? metricFor(answers) : 'distinct';
  return [notice('no-metric', {
    field: 'evaluate.metrics', message: `No metric is asked for: only divergence and loss are measured, not whether the student's answers are right. These examples suit ${metric}.`,
    mend: { label: `Measure ${metric}`, patch: { evaluate: { metrics: [metric] } } },
  })];
});

/** What suits right answers of this kind: numbers, a few words, or text. */
function metricFor(answers: readonly string[]): string {
  const share = (holds: (answer: string) => boolean): number => answers.filter(holds).length / answers.length;
  if (share((answer) => /####\s*-?[\d.,]+\s*$|^\s*-?[\d.,]+\s*$/.test(answer)) > 0.8) return 'accuracy';
  return share((answer) => answer.trim().split(/\s+/).length <= 5) > 0.8 ? 'exact-match' : 'rouge';
}
