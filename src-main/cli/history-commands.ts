import type { Command } from 'commander';
import { bestText } from '../contract/best.ts';
import { visibleLine } from '../contract/visible.ts';
import { listCheckpoints } from '../run-folder/checkpoint-folder.ts';
import { runPaths } from '../run-folder/run-folder.ts';
import { readEvaluations } from '../store/evaluations.ts';
import { findRun, listRuns } from '../store/runs.ts';
import type { Action } from './action.ts';

export function addHistoryCommands(program: Command, act: Action): void {
  program.command('runs')
    .description('the history of runs')
    .action(act(async (context) => {
      const { output } = context;
      const runs = await listRuns((await context.lookHome()).database);
      output.json(runs);
      if (runs.length === 0) output.line('No runs yet. Start one: retort run recipe.json, or try: retort sample');
      for (const { id, name, status, lastStep, totalSteps, headline } of runs) {
        const result = headline ? `${headline.name} ${headline.value.toFixed(4)}` : '';
        output.line([id, status.padEnd(11), `${lastStep}/${totalSteps ?? '?'}`.padStart(11), result.padEnd(22), visibleLine(name)].join('  '));
      }
    }));
  program.command('show')
    .description('one run: recipe, state, evaluations')
    .argument('<run>', 'id, beginning of an id, or run folder')
    .action(act(async (context, [wanted]) => {
      const { output } = context;
      const { database } = await context.lookHome();
      const run = await findRun(database, wanted!);
      const evaluations = await readEvaluations(database, run.id);
      // The history may be behind: what lies in the folder is told.
      const newest = (await listCheckpoints(runPaths(run.runDir).checkpoints)).at(-1) ?? null;
      output.json({ ...run, checkpoint: newest, evaluations });
      output.line(`${visibleLine(run.name)} (${run.id}): ${run.status}, step ${run.lastStep} of ${run.totalSteps ?? '?'}`);
      output.line(`folder      ${run.runDir}`);
      if (newest) output.line(`checkpoint  ${newest.path}`);
      else if (run.checkpoint) output.line(`checkpoint  none is left in ${run.runDir}; the last was of step ${run.checkpoint.step}`);
      if (run.best) output.line(`best        ${bestText(run.best)}`);
      if (run.error) output.line(`error       ${run.error.message}`);
      for (const { step, metrics, ...always } of evaluations) {
        const scores = Object.entries(metrics);
        for (const name of ['divergence', 'loss'] as const) {
          if (always[name] !== null) scores.push([name, { value: always[name], low: always[`${name}Low`], high: always[`${name}High`] }]);
        }
        const shown = scores.map(([name, { value, low, high }]) => `${name} ${show(value)}${low === null ? '' : ` (${show(low)} to ${show(high)})`}`);
        output.line(`step ${String(step).padStart(6)}  ${shown.join(', ')}`);
      }
      output.line(JSON.stringify(run.recipe, null, 2));
    }));
}

function show(value: number | null): string {
  return value === null ? 'none' : value.toFixed(4);
}
