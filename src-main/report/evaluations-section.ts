import type { StoredEvaluation, StoredScore } from '../contract/history.ts';
import { html, type Content, type Html } from './html.ts';
import { table } from './table.ts';
import { count, interval, NUMBER, quantityOf, type Quantity } from './write-number.ts';

interface Measure { name: string; unit: string; quantity: Quantity; of(evaluation: StoredEvaluation): StoredScore | undefined }

/** The task metrics of all evaluations, then what is always measured. */
function measuresOf(evaluations: readonly StoredEvaluation[]): Measure[] {
  const always = (name: 'divergence' | 'loss'): Measure => ({
    name: `held-out ${name}`, unit: 'nats a token', quantity: NUMBER, of: (one) => ({ value: one[name], low: one[`${name}Low`], high: one[`${name}High`] }),
  });
  const metrics = [...new Set(evaluations.flatMap((evaluation) => Object.keys(evaluation.metrics)))];
  return [...metrics.map((name): Measure => ({ name, unit: '', quantity: quantityOf(name), of: (one) => one.metrics[name] })), always('divergence'), always('loss')]
    .filter((measure) => evaluations.some((one) => (measure.of(one)?.value ?? null) !== null));
}

/** The last evaluation in large figures, beside the first. */
export function resultFigures(evaluations: readonly StoredEvaluation[]): Html | null {
  const [first, last] = [evaluations[0], evaluations.at(-1)];
  if (!first || !last) return null;
  return html`<dl class="figures">${measuresOf(evaluations).map(({ name, unit, quantity, of }) => {
    const [before, now] = [of(first)?.value ?? null, of(last)];
    return now?.value == null ? null : html`<div><dt>${name}${unit && `, ${unit}`}</dt><dd><b>${quantity.text(now.value)}</b></dd>
<dd class="quiet">${interval(now, quantity)}</dd>${first !== last && before !== null && html`<dd class="quiet">${quantity.text(before)} at step ${count(first.step)}</dd>`}</div>`;
  })}</dl>`;
}

/** Every evaluation with its intervals. */
export function evaluationsSection(evaluations: readonly StoredEvaluation[]): Html | null {
  if (evaluations.length === 0) return null;
  const measures = measuresOf(evaluations);
  const cell = (score: StoredScore | undefined, quantity: Quantity): Content =>
    (score?.value == null ? '' : html`${quantity.text(score.value)} <small>${interval(score, quantity)}</small>`);
  return html`<section aria-labelledby="evaluations"><h2 id="evaluations">Evaluations <span class="quiet">held-out examples, with 95% intervals</span></h2>
${table({
    caption: 'Evaluations', head: ['step', 'examples', ...measures.map(({ name }) => name)],
    rows: evaluations.map((one) => [count(one.step), count(one.examples), ...measures.map(({ of, quantity }) => cell(of(one), quantity))]),
  })}</section>`;
}
