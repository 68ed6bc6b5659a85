import type { RunRecord } from '../contract/history.ts';
import type { TimeSplit } from '../store/steps.ts';
import { html, type Html } from './html.ts';
import { table } from './table.ts';
import { count, duration, percent } from './write-number.ts';

/** Where the time of the steps went, and what the run was expected to take. */
export function timeSection({ steps, stepMs, rolloutMs, teacherMs, updateMs }: TimeSplit, { started, ended }: RunRecord, expected: readonly string[]): Html | null {
  if (steps === 0 || stepMs === 0) return null;
  const parts = [
    { name: 'Rollout', words: 'the student writes', hue: 'student', ms: rolloutMs }, { name: 'Teacher', words: 'judges or writes', hue: 'teacher', ms: teacherMs },
    { name: 'Update', words: 'backward pass and optimizer', hue: 'data', ms: updateMs }, { name: 'Rest', words: 'reading and preparing', hue: 'rest', ms: Math.max(0, stepMs - rolloutMs - teacherMs - updateMs) },
  ];
  const outside = started === null || ended === null ? 0 : ended - started - stepMs;
  let from = 0;
  return html`<section aria-labelledby="time"><h2 id="time">Time <span class="quiet">${duration(stepMs)} in ${count(steps)} steps, ${duration(stepMs / steps)} a step</span></h2>
<svg class="split" viewBox="0 0 1000 14" preserveAspectRatio="none" role="img" aria-label="${parts.map(({ name, ms }) => `${name} ${percent(ms / stepMs)}`).join(', ')}">${parts.map(({ hue, ms }) => {
  const x = from;
  from += 1000 * ms / stepMs;
  return html`<rect x="${x.toFixed(1)}" width="${Math.max(0, from - x - 2).toFixed(1)}" height="14" class="hue-${hue}"/>`;
})}</svg>
${table({
    caption: 'Time', head: ['part', 'share', 'in all', 'a step', 'what'], words: [4],
    rows: parts.map(({ name, words, hue, ms }) => [html`<span class="swatch of-${hue}"></span>${name}`, percent(ms / stepMs), duration(ms), duration(ms / steps), html`<span class="quiet">${words}</span>`]),
  })}
${outside > 0 && html`<p class="quiet">Between start and end another ${duration(outside)}: evaluations, checkpoints, pauses.</p>`}
${expected.map((sentence) => html`<p class="quiet">${sentence}</p>`)}</section>`;
}
