import type { StoredLogEntry } from '../../../src-main/contract/history.ts';

/** Of every stage that has begun, the steps made before it: a stage that begins says so, again where a resumed run comes to it again. */
export const stageStarts = (entries: readonly StoredLogEntry[]): number[] =>
  [...new Set(entries.filter(({ code }) => code === 'stage').map(({ step }) => step))].sort((a, b) => a - b);
