import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { measuredStudent, type Advice, type AdviceReport, type Measurement } from '../contract/advice.ts';
import type { Change } from '../contract/finding.ts';
import { timeText } from '../contract/forecast-text.ts';
import type { JsonObject } from '../contract/merge-patch.ts';
import { Problem } from '../contract/problem.ts';
import { problemOf } from '../checks/look.ts';
import { readJsonFile } from '../files/json-file.ts';
import { writeWhole } from '../files/write-whole.ts';
import { changesOf, takeAdvice } from '../service/advise/take.ts';
import { newRunId } from '../service/ids.ts';
import { findRun } from '../store/runs.ts';
import { readRecipe } from '../service/recipe/recipe-file.ts';
import type { Action } from './action.ts';
import { count } from './options.ts';
import type { Output } from './output.ts';
import { TRUST } from './run-command.ts';

interface AdviseOptions { run?: string; rows: number; write?: string; trust?: boolean }

export function addAdviseCommand(program: Command, act: Action): void {
  program.command('advise')
    .description('measures teacher, student and data on a few rows and says what to change before the run')
    .argument('[recipe]', 'recipe.json')
    .option('--run <run>', 'instead of a recipe: that of a run, whose later stages are measured with the students that they began with')
    .option('--rows <number>', 'rows to measure on, chosen by the seed; fewer where they take long', count, 32)
    .option('--write <file>', 'write the recipe with the advice taken to a new file')
    .option('--trust', TRUST)
    .action(act(async (context, [file], { run, rows, write, trust }: AdviseOptions) => {
      if ((file === undefined) === (run === undefined)) throw new Problem('Advice is given of a recipe or of a run.', { hint: 'Name one: retort advise recipe.json, or retort advise --run RUN.' });
      const begun = run === undefined ? null : await findRun((await context.lookHome()).database, run);
      const recipe = begun?.recipe ?? await readRecipe(file!);
      if (write !== undefined) refuseTaken(write);
      const runDir = (await context.openHome()).runDir(newRunId());
      const report = await context.worker().request('advise', {
        recipe, runDir, ...(begun && { begunIn: begun.runDir }), rows, allowed: await (await context.consent(trust)).settle(recipe),
      }, { onEvent: ({ done, total }) => context.output.progress('measure', done, total) });
      // A recipe goes on with its own words where its paths still hold.
      const isBeside = file !== undefined && write !== undefined && dirname(resolve(write)) === dirname(resolve(file));
      const written = (isBeside ? await readJsonFile(file) : JSON.parse(JSON.stringify(recipe))) as JsonObject;
      const { recipe: changed, taken } = takeAdvice(written, report.advice);
      tell(context.output, report);
      if (write !== undefined) {
        await writeWhole(resolve(write), [`${JSON.stringify(changed, null, 2)}\n`], {});
        context.output.line(taken.length === 0 ? `\nNothing to change by itself: ${write} is the recipe as it was.` : `\nTaken in ${write}:`);
        for (const { label, changes } of taken) context.output.line(`  ${label}: ${settings(changes)}`);
      }
      context.output.json({ ...report, advice: report.advice.map(withChanges), taken, recipe: changed });
      const problem = report.advice.find(({ level }) => level === 'problem');
      if (problem) throw problemOf(problem);
    }));
}

function refuseTaken(path: string): void {
  if (!existsSync(dirname(resolve(path)))) throw new Problem(`The folder of ${path} does not exist.`, { hint: 'Make it first, or choose another place.' });
  if (existsSync(path)) throw new Problem(`${path} is there already.`, { hint: 'Choose another name for the recipe with the advice taken.' });
}

/** Beside each patch the fields that it sets, as JSON Pointers. */
function withChanges({ mend, mends, ...advice }: Advice): object {
  const told = <One extends Change>(one: One): object => ({ ...one, changes: changesOf(one) });
  return { ...advice, ...(mend && { mend: told(mend) }), ...(mends && { mends: mends.map(told) }) };
}

function tell(output: Output, { measured, advice, ...report }: AdviceReport): void {
  const parts = report.stages?.map((stage) => ({ ...stage, of: stage, title: `Stage "${stage.name}", ${measuredStudent(stage)}, measured` })) ?? [{ name: undefined, of: report, title: 'Measured' }];
  for (const { name, of: { rows, of, whose }, title } of parts) {
    if (rows === 0) continue;
    output.line(`${title} on ${rows} of ${of} ${whose} rows, with 95% intervals over them:`);
    for (const measurement of measured) if (measurement.stage === name) output.line(`  ${measurement.label.padEnd(58)} ${measurementText(measurement)}`);
  }
  const notices = advice.filter(({ level }) => level !== 'problem');
  output.line(notices.length === 0 ? '\nNothing to change.' : '\nWhat to change or to know:');
  notices.forEach(({ message, hint, mend, mends = [] }, at) => {
    output.line(`${String(at + 1).padStart(3)}. ${message}${hint === undefined ? '' : ` ${hint}`}`);
    for (const one of mend ? [mend] : mends) output.line(`     -> ${one.label}: ${settings(changesOf(one))}`);
  });
}

const settings = (changes: readonly { pointer: string; value: unknown }[]): string =>
  changes.map(({ pointer, value }) => `${pointer.slice(1).replaceAll('/', '.')} ${value === null ? 'left out' : JSON.stringify(value)}`).join(', ');

function measurementText({ value, low, high, unit, rows }: Measurement): string {
  const one = (number: number): string => {
    switch (unit) {
      case 'share': return `${(100 * number).toFixed(0)}%`;
      case 'milliseconds': return timeText(number);
      case 'rows': return String(number);
      default: return Math.abs(number) >= 100 ? number.toFixed(0) : number.toPrecision(3);
    }
  };
  const interval = low === null || high === null ? '' : ` (${one(low)} to ${one(high)})`;
  const of = unit === 'rows' && rows !== null ? ` of ${rows}` : '';
  return `${one(value)}${interval}${of}${['share', 'milliseconds', 'rows', 'score'].includes(unit) ? '' : ` ${unit}`}`;
}
