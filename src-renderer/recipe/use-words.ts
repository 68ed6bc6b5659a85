import type { Use } from '../../src-main/contract/api/keeping-calls.ts';

/** Whether anything stands on the files. */
export const isUsed = ({ runs, drafts, inspections, comparisons, exports }: Use): boolean =>
  runs.length + drafts.length + inspections + comparisons + exports > 0;

/** "Used by 2 runs (one is going), 1 inspection, 1 draft." Empty where nothing uses it. */
export function useWords({ runs, drafts, inspections, comparisons, exports }: Use): string {
  const going = runs.filter(({ isGoing }) => isGoing).length;
  const goes = going === 0 ? '' : going === runs.length ? (going === 1 ? ' (going)' : ' (all are going)') : going === 1 ? ' (one is going)' : ` (${going} are going)`;
  const parts = [
    some(runs.length, 'run') && `${some(runs.length, 'run')}${goes}`,
    some(inspections, 'inspection'), some(comparisons, 'comparison'), some(exports, 'export'), some(drafts.length, 'draft'),
  ].filter(Boolean);
  return parts.length === 0 ? '' : `Used by ${parts.join(', ')}.`;
}

const some = (count: number, thing: string): string => (count === 0 ? '' : `${count} ${thing}${count === 1 ? '' : 's'}`);
