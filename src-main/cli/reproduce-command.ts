import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { Problem } from '../contract/problem.ts';
import type { ComparedFile } from '../contract/reproduction.ts';
import { visibleLine } from '../contract/visible.ts';
import { lookAtReproduction, reproduce, type Looked } from '../service/reproduce/reproduce.ts';
import { readProvenance } from '../service/reproduce/read-provenance.ts';
import type { Action } from './action.ts';
import type { Context } from './context.ts';
import { printEvent, stopOnSignals, TRUST } from './run-command.ts';

interface Options { models: string[]; data: string[]; changed?: boolean; check?: boolean; trust?: boolean }

const gather = (path: string, before: string[]): string[] => [...before, resolve(path)];

export function addReproduceCommand(program: Command, act: Action): void {
  program.command('reproduce')
    .description('make an export again from what it names, and compare the weights to the bit')
    .argument('<export>', 'folder of an export, or a file in it')
    .option('--models <dir>', 'a folder that holds the base model and the teacher, or one of them itself; as often as needed. Without it they are looked for where the history knows them, beside the export and here', gather, [])
    .option('--data <dir>', 'the same for the files of data', gather, [])
    .option('--check', 'only check what it names; train nothing')
    .option('--changed', 'train although models or data are not those that it names, and say how the weights differ')
    .option('--trust', TRUST)
    .action(act(async (context, [wanted], options: Options) => {
      const { folder, made } = await readProvenance(wanted!);
      const home = await context.openHome();
      const looked = await lookAtReproduction(home, folder, made, { ...options, usual: [dirname(folder), process.cwd()] });
      tellDepartures(context, looked);
      if (options.check) return;
      // Sums are split among threads: their number shapes the last bits.
      const host = context.worker(made.run?.threads ?? 0);
      const result = await stopOnSignals(context, async (stopping) => reproduce(home, host, looked, {
        consent: await context.consent(options.trust), allowChanged: options.changed ?? false,
        stopping, onEvent: (event) => { printEvent(context, event); },
        onExport: (done, total) => { context.output.progress('export', done, total); },
      }));
      for (const file of result.files) context.output.line(fileText(file));
      context.output.json({ event: 'done', reproduced: result.isEqual, run: result.run, files: result.files, departures: looked.departures });
      if (!result.isEqual) throw new Problem('The weights that came out are not those of the export.', { kind: 'failure', hint: looked.departures.length > 0 ? 'What is otherwise here is told above.' : 'All that the export names is the same here; its files may have been changed since.' });
      context.output.line('The weights that came out are those of the export, to the bit.');
    }));
}

function tellDepartures({ output }: Context, { departures, made: { inputs, run, retort } }: Looked): void {
  output.line(`${run ? `Run "${visibleLine(run.name)}", step ${run.step}` : 'A model that no run made'}, exported by Retort ${visibleLine(retort)}; it stands on ${inputs.length} files.`);
  output.json({ event: 'checked', inputs: inputs.length, departures });
  for (const { message } of departures) output.line(`- ${message}`);
  if (departures.length === 0) output.line('Everything that it names is the same here.');
}

function fileText({ file, tensors, differing, largest, relative, problem }: ComparedFile): string {
  if (problem !== null) return `${file}: not compared. ${problem}`;
  if (differing === 0) return `${file}: all ${tensors} tensors are equal to the bit.`;
  const how = largest === null ? '' : `, by at most ${largest.toExponential(2)}${relative === null ? '' : `; their root mean square is ${(100 * relative).toPrecision(2)}% of the weights'`}`;
  return `${file}: ${differing} of ${tensors} tensors differ${how}.`;
}
