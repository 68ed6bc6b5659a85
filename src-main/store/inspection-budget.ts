import type { Queries } from './sqlite.ts';

/** Bytes of samples kept of one inspection: about 40,000 texts of 64 tokens with every token's numbers. */
export const INSPECTION_BUDGET = 128 * 2 ** 20;
/** What is left of the budget, so that trimming is rare. */
const LEFT = 0.9;

/**
 * Brings an inspection back under its budget: the samples whose worst fork is largest stay, then those without forks
 * that are farthest from the teacher. Call it within a transaction.
 */
export async function trimInspection(queries: Queries, inspection: string, budget: number = INSPECTION_BUDGET): Promise<void> {
  const now = await queries.get<{ bytes: number }>('SELECT total(bytes) AS bytes FROM inspectedSamples WHERE inspection = ?', [inspection]);
  if ((now?.bytes ?? 0) <= budget) return;
  const { changes } = await queries.run(
    `DELETE FROM inspectedSamples WHERE id IN (SELECT id FROM (
       SELECT id, sum(bytes) OVER (ORDER BY worstGap DESC NULLS LAST, jsd DESC, id ROWS UNBOUNDED PRECEDING) AS sum
       FROM inspectedSamples WHERE inspection = ?
     ) WHERE sum > ?)`, [inspection, budget * LEFT]);
  await queries.run('UPDATE inspections SET dropped = dropped + ? WHERE id = ?', [changes, inspection]);
}
