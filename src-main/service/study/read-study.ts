import { dirname, resolve } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import { studySchema, type Study } from '../../contract/study.ts';
import { readJsonFile } from '../../files/json-file.ts';
import { describeIssue } from '../recipe/describe-issue.ts';
import { planStudy, type PlannedRun } from './plan.ts';

/** A study with its runs; paths are absolute. */
export interface ReadStudy { study: Study; runs: PlannedRun[] }

/** Reads and checks a study's file. @throws Problem that names the field, or the arm whose recipe is wrong. */
export async function readStudy(file: string): Promise<ReadStudy> {
  const json = await readJsonFile(file);
  if (json === null) throw new Problem(`Study ${file} cannot be read: there is no such file.`, { hint: 'Check the path.' });
  const parsed = studySchema.safeParse(json);
  if (!parsed.success) {
    throw new Problem(`${file}: ${parsed.error.issues.map((issue) => describeIssue(issue, json, studySchema)).join('; ')}`, { hint: 'docs/studies.md lists every field.' });
  }
  const base = dirname(resolve(file));
  const study = {
    ...parsed.data,
    evaluations: parsed.data.evaluations.map((evaluation) => (evaluation.data === undefined ? evaluation : { ...evaluation, data: resolve(base, evaluation.data) })),
  };
  checkChart(study, file);
  return { study, runs: planStudy(study, file, base) };
}

function checkChart({ chart, evaluations, grid }: Study, file: string): void {
  const names = evaluations.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Problem(`${file}: two evaluations are called "${twice}".`);
  if (chart.evaluation !== undefined && !names.includes(chart.evaluation)) {
    throw new Problem(`${file}: chart.evaluation is "${chart.evaluation}", and no evaluation is called so.`, { hint: `They are ${names.join(', ') || 'none'}.` });
  }
  if (chart.log && (chart.x === undefined || (grid[chart.x] ?? []).some((value) => !(Number(value) > 0)))) {
    throw new Problem(`${file}: chart.log is true, and x is not a field of numbers above 0.`, { hint: 'Leave log out.' });
  }
}
