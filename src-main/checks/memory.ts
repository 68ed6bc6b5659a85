import { bytesText } from '../contract/bytes-text.ts';
import { memoryParts } from '../contract/forecast-text.ts';
import type { Remedy } from '../contract/forecast.ts';
import { check } from './check.ts';

const HINT = 'Choose smaller models or shorter texts.';

/** A run fits into this machine's memory, and into what of it is free; where it does not, what would make it fit. */
export const memory = check('memory', ['memory'], async ({ memory: { forecast, remedies } }) => {
  const { peak, free, total } = forecast;
  if (peak <= Math.min(free, total)) return;
  const needs = `The run needs about ${bytesText(peak)} of memory (${memoryParts(forecast)})`;
  const found = await remedies();
  const mends = found.map(({ label, patch, peak: left }) => ({ label: `${label} (${bytesText(left)})`, patch }));
  return [{
    code: 'memory', field: 'train.microBatchSize', mends,
    ...(peak > total
      ? { level: 'problem', message: `${needs}, and this machine has ${bytesText(total)}.`, hint: hintOf(found) }
      : { level: 'notice', message: `${needs}, and ${bytesText(free)} of ${bytesText(total)} are free.`, hint: `Close other programs first. ${hintOf(found)}` }),
  }];
});

function hintOf(found: readonly Remedy[]): string {
  if (found.length === 0) return HINT;
  return `It would need less with ${found.map(({ patch, peak }) => `${settingOf(patch)} (${bytesText(peak)})`).join(', ')}. ${HINT}`;
}

/** A patch as the paths and values of what it sets: train.microBatchSize 1, student.adapter {} with student.precision fp16. */
function settingOf(patch: Readonly<Record<string, unknown>>): string {
  return settings(patch, '').join(' with ');
}

function settings(patch: object, above: string): string[] {
  return Object.entries(patch).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value !== 'object' || value === null) return [`${above}${name} ${String(value)}`];
    return Object.keys(value).length === 0 ? [`${above}${name} {}`] : settings(value, `${above}${name}.`);
  });
}
