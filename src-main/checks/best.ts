import { closestName } from '../contract/closest-name.ts';
import { Problem } from '../contract/problem.ts';
import type { Recipe } from '../contract/recipe.ts';
import { ALWAYS_REPORTED, metricReporting, reportedBy, type Reported } from '../metrics/reported.ts';
import { METRIC_NAMES } from '../metrics/score.ts';
import { check } from './check.ts';
import { hasAnswers } from '../text/example-set.ts';

/** The number by which a recipe chooses its best checkpoint; null where it chooses none. @throws Problem where its evaluations report no such number. */
export function bestMetric({ evaluate: { best, metrics } }: Pick<Recipe, 'evaluate'>): Reported | null {
  if (best === undefined) return null;
  const offered = [...ALWAYS_REPORTED, ...metrics.flatMap(reportedBy)];
  const found = offered.find(({ name }) => name === best);
  if (found) return found;
  const parts = METRIC_NAMES.includes(best) ? reportedBy(best).map(({ name }) => name) : [];
  if (parts.length > 0 && !parts.includes(best)) {
    throw new Problem(`evaluate.best is "${best}", which stands for several numbers.`, { hint: `Choose one of them: ${parts.join(', ')}.` });
  }
  const allowed = `The evaluations of this recipe report ${unique(offered.map(({ name }) => name)).join(', ')}.`;
  const source = metricReporting(best);
  if (source !== undefined) {
    throw new Problem(`evaluate.best is "${best}", which evaluate.metrics does not ask for.`, { hint: `Add "${source}" to evaluate.metrics. ${allowed}` });
  }
  const meant = closestName(best, [...ALWAYS_REPORTED, ...METRIC_NAMES.flatMap(reportedBy)].map(({ name }) => name));
  throw new Problem(`evaluate.best is "${best}", and there is no such number.`, { hint: `${meant === undefined ? '' : `Perhaps "${meant}" is meant. `}${allowed}` });
}

export const bestName = check('best', ['recipe'], ({ recipe }) => { bestMetric(recipe); });

/** A best checkpoint can be chosen when its time comes. */
export const bestMeasured = check('best', ['recipe', 'heldOut', 'method', 'validation'], ({ recipe, heldOut: data, method: { preset, divergence }, validation }) => {
  const best = bestMetric(recipe);
  if (best === null) return;
  const { evaluate } = recipe;
  if (validation.count === 0) {
    throw new Problem(`evaluate.best is "${best.name}", and there are no held-out examples.`, { hint: 'Give data.validation or data.validationShare.' });
  }
  if (best.name === 'divergence' && divergence === 'cross_entropy') {
    throw new Problem(`evaluate.best is "divergence", and the method "${preset}" measures none.`, { hint: 'Choose loss, or one of evaluate.metrics.' });
  }
  // Metrics that need right answers have been looked at by themselves.
  if (ALWAYS_REPORTED.includes(best) && !hasAnswers(validation, evaluate.examples)) {
    throw new Problem(`evaluate.best is "${best.name}", which is measured on right answers, and no example of ${data.validation ?? data.train} has one.`, {
      hint: 'Give data.completion, or choose a metric that needs none.',
    });
  }
});

const unique = (names: readonly string[]): string[] => [...new Set(names)];
