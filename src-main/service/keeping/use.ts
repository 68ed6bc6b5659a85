import { sep } from 'node:path';
import type { Use } from '../../contract/api/keeping-calls.ts';
import { Problem } from '../../contract/problem.ts';
import { folderSize } from '../../files/folder-size.ts';
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
  const isBelow = (other: unknown): boolean => typeof other === 'string' && (other === path || other.startsWith(path.endsWith(sep) ? path : path + sep));
  const [runs, drafts, inspections, comparisons, exports] = await Promise.all(
    [listRuns(database), listDrafts(database), listInspections(database), listComparisons(database), listExports(database)]);
  const own = runs.find(({ runDir }) => runDir === path)?.id;
  const modelsIn = (recipe: Readonly<Record<string, unknown>>): unknown[] => ['teacher', 'student'].map((role) => (recipe[role] as { model?: unknown } | undefined)?.model);
  return {
    runs: runs.filter(({ id, recipe }) => id !== own && modelsIn({ ...recipe }).some(isBelow)).map(({ id, name }) => ({ id, name, isGoing: going.has(id) })),
    drafts: drafts.filter(({ touched, recipe }) => touched && modelsIn(recipe).some(isBelow)).map(({ id, title }) => ({ id, title })),
    inspections: inspections.filter(({ run, teacher, student }) => (own === undefined || run !== own) && [teacher, student].some(isBelow)).length,
    comparisons: comparisons.filter(({ run, models }) => (own === undefined || run !== own) && models.some((model) => isBelow(model.path))).length,
    exports: exports.filter(({ run, source }) => (own === undefined || run !== own) && isBelow(source)).length,
    bytes: await folderSize(path),
  };
}

/** @throws Problem where a run that computes or waits stands on it */
export function refuseGoing({ runs }: Pick<Use, 'runs'>): void {
  const going = runs.find(({ isGoing }) => isGoing);
  if (going) throw new Problem(`The run "${going.name}" uses these files and is going.`, { hint: 'Stop it first, or wait until it has ended.' });
}
