import { resolve } from 'node:path';
import type { Command } from 'commander';
import { fileSlug } from '../contract/file-slug.ts';
import { Problem } from '../contract/problem.ts';
import { hasLostCheckpoints } from '../run-folder/moments.ts';
import { writeReport } from '../report/write-report.ts';
import { findRun } from '../store/runs.ts';
import type { Action } from './action.ts';

export function addReportCommand(program: Command, act: Action): void {
  program.command('report')
    .description('a run as one HTML file to be passed on: charts, tables, the most telling forks')
    .argument('<run>', 'id, beginning of an id, or run folder')
    .option('--to <file>', 'file to write; without it the run\'s name in the current folder')
    .option('--replace', 'go over an earlier report')
    .action(act(async (context, [wanted], { to, replace = false }: { to?: string; replace?: boolean }) => {
      const { database } = await context.lookHome();
      const run = await findRun(database, wanted!);
      const file = resolve(to ?? `${fileSlug(run.name, 'report')}.html`);
      const bytes = await writeReport(database, run, file, { replace });
      if (bytes === null) throw new Problem(`${file} exists already.`, { hint: '--replace goes over an earlier report; --to names another file.' });
      const isWithoutCheckpoints = await hasLostCheckpoints(run);
      context.output.json({ run: run.id, file, bytes, ...(isWithoutCheckpoints && { isWithoutCheckpoints }) });
      if (isWithoutCheckpoints) context.output.line('warning: the checkpoints of this run are not there; the report tells what the history holds, and says so.');
      context.output.line(`Wrote ${file}, ${(bytes / 1024).toFixed(0)} KiB. It opens in any browser, offline.`);
    }));
}
