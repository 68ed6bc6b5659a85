import type { StoredEvaluation } from '../../../src-main/contract/history.ts';

/** What training did to one number of the evaluations, from the first to the last. */
export interface Verdict { name: string; before: number; after: number; low: number | null; high: number | null; examples: number; isSure: boolean }

/** The first task metric, where it was measured before and after; sure where neither interval reaches the other's value. */
export function verdictOf(evaluations: readonly StoredEvaluation[], last: number): Verdict | null {
  const [first, latest] = [evaluations[0], evaluations.at(-1)];
  if (!first || !latest || first.step !== 0 || latest.step !== last || latest.step === 0) return null;
  for (const [name, { value: after, low, high }] of Object.entries(latest.metrics)) {
    const before = first.metrics[name];
    if (after === null || before?.value == null) continue;
    const apart = low !== null && high !== null && before.low !== null && before.high !== null && (before.value < low || before.value > high) && (after < before.low || after > before.high);
    return { name, before: before.value, after, low, high, examples: latest.examples, isSure: apart };
  }
  return null;
}
