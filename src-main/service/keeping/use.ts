import type { Use } from '../../contract/api/keeping-calls.ts';
import { Problem } from '../../contract/problem.ts';
import { folderSize } from '../../files/folder-size.ts';
import { isBelow } from '../../files/is-below.ts';
import { listComparisons } from '../../store/comparisons.ts';
import { listDrafts } from '../../store/drafts.ts';
import { listExports } from '../../store/exports.ts';
import { listInspections } from '../../store/inspections.ts';
import { listRuns } from '../../store/runs.ts';
import type { Home } from '../home.ts';

/**
 * What stands on the files at or below `path`. A run's own inspections and exports are not counted for its folder:
 * they go, or stay, with it.
 * @param going  ids of the runs that compute or wait
 */
export async function useOf({ database }: Home, path: string, going: ReadonlySet<string>): Promise<Use> {
  const isThere = (other: string): boolean => isBelow(other, path);
  const [runs, drafts, inspections, comparisons, exports] = await Promise.all(
    [listRuns(database), listDrafts(database), listInspections(database), listComparisons(database), listExports(database)]);
  const own = runs.find(({ runDir }) => runDir === path)?.id;
  return {
    runs: runs.filter(({ id, recipe }) => id !== own && textsOf(recipe).some(isThere)).map(({ id, name }) => ({ id, name, isGoing: going.has(id) })),
    drafts: drafts.filter(({ touched, recipe }) => touched && textsOf(recipe).some(isThere)).map(({ id, title }) => ({ id, title })),
    inspections: inspections.filter(({ run, teacher, student }) => (own === undefined || run !== own) && [teacher, student].some(isThere)).length,
    comparisons: comparisons.filter(({ run, models }) => (own === undefined || run !== own) && models.some((model) => isThere(model.path))).length,
    exports: exports.filter(({ run, source }) => (own === undefined || run !== own) && isThere(source)).length,
    bytes: await folderSize(path),
  };
}

/**
 * All texts in a recipe. A draft need not be one yet, and one of long ago need not be one any more; a reward's command names
 * files in its words as well, which are no paths of the recipe's.
 */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/** @throws Problem where a run that computes or waits stands on it */
export function refuseGoing({ runs }: Pick<Use, 'runs'>): void {
  const going = runs.find(({ isGoing }) => isGoing);
  if (going) throw new Problem(`The run "${going.name}" uses these files and is going.`, { hint: 'Stop it first, or wait until it has ended.' });
}
