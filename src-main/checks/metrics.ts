import { closestName } from '../contract/closest-name.ts';
import type { Finding } from '../contract/finding.ts';
import { answerTokens } from '../contract/longest-texts.ts';
import { Problem } from '../contract/problem.ts';
import { ACCEPTANCE } from '../metrics/acceptance.ts';
import { MULTIPLE_CHOICE } from '../metrics/multiple-choice.ts';
import { PERPLEXITY } from '../metrics/perplexity.ts';
import { findMetrics, METRIC_NAMES } from '../metrics/score.ts';
import { hasAnswers } from '../text/example-set.ts';
import { check } from './check.ts';
import { refuseDraftsOf } from './drafting.ts';

/** Every metric that is asked for is one. */
export const metricNames = check('metric-name', ['recipe'], ({ recipe: { evaluate: { metrics } } }) =>
  metrics.filter((name) => !METRIC_NAMES.includes(name)).map((name): Finding => {
    const meant = closestName(name, METRIC_NAMES);
    return {
      code: 'metric-name', level: 'problem', field: 'evaluate.metrics', message: `There is no metric "${name}".`,
      hint: `${meant === undefined ? '' : `Perhaps "${meant}" is meant. `}The metrics are ${METRIC_NAMES.join(', ')}.`,
      ...(meant !== undefined && {
        mend: { label: `Use ${meant}`, patch: { evaluate: { metrics: [...new Set(metrics.map((other) => (other === name ? meant : other)))] } } },
      }),
    };
  }));

/** Every metric can be measured when its time comes. */
export const metricsMeasured = check('metrics', ['recipe', 'heldOut', 'validation'], ({ recipe, heldOut: data, validation }) => {
  const { evaluate } = recipe;
  const [first] = evaluate.metrics;
  if (first === undefined) return;
  if (validation.count === 0) {
    throw new Problem(`evaluate.metrics names ${first}, and there are no held-out examples.`, {
      hint: 'Give data.validation or data.validationShare.',
    });
  }
  if (evaluate.metrics.includes(ACCEPTANCE)) refuseDraftsOf({ decode: evaluate.decode, maxNewTokens: answerTokens(recipe, data) });
  const name = evaluate.metrics.find((asked) => asked === PERPLEXITY || asked === MULTIPLE_CHOICE);
  const needy = name === undefined ? evaluate.metrics.flatMap(findMetrics).find(({ needsReference }) => needsReference) : { name };
  if (needy && !hasAnswers(validation, evaluate.examples)) {
    throw new Problem(`evaluate.metrics names ${needy.name}, which needs right answers, and no example of ${data.validation ?? data.train} has one.`, {
      hint: 'Give data.completion, or leave the metric out.',
    });
  }
});
