import type { Command } from 'commander';
import { resolve } from 'node:path';
import { engineText, handedText } from '../contract/handover.ts';
import { Problem } from '../contract/problem.ts';
import { enterTraining, followTraining } from '../service/adopt/follow-training.ts';
import { adoptRun } from '../service/adopt/adopt-run.ts';
import { trainingFolder } from '../service/adopt/training-folder.ts';
import { findRun } from '../store/runs.ts';
import { readRecipe } from '../service/recipe/recipe-file.ts';
import type { Action } from './action.ts';
import type { Context } from './context.ts';
import { printEvent } from './run-command.ts';

export function addHandoverCommands(program: Command, act: Action): void {
  program.command('handover')
    .description('a folder that trains a recipe with TRL over torch.distributed, on a cluster')
    .argument('<recipe>', 'recipe.json')
    .requiredOption('--to <dir>', 'a folder that is not there yet')
    .action(act(async (context, [file], { to }: { to: string }) => {
      const { output } = context;
      const recipe = await readRecipe(file!);
      const handover = await context.worker().request('handover', { recipe, to: resolve(to) });
      output.json(handover);
      output.line(`${handover.folder}: ${handedText(handover)}. README.md has the commands.`);
      for (const difference of handover.differences) output.line(`  ${difference}`);
    }));
  program.command('adopt')
    .description('take a training elsewhere, or a run folder, into the history; a training that goes on is followed to its end')
    .argument('<folder>', 'what retort handover wrote, or its run folder')
    .option('--no-follow', 'only what is there by now')
    .action(act(async (context, [folder], { follow }: { follow: boolean }) => {
      const place = trainingFolder(folder!);
      const id = place === null ? (await adoptRun(await context.openHome(), resolve(folder!))).id : await adoptTraining(context, place, follow);
      const run = await findRun((await context.openHome()).database, id);
      context.output.json(run);
      context.output.line(`${run.id}: ${run.status}, step ${run.lastStep} of ${run.totalSteps ?? '?'}${run.engine ? `, trained by ${engineText(run.engine)}` : ''}`);
    }));
}

/** @returns the run's id */
async function adoptTraining(context: Context, runDir: string, follows: boolean): Promise<string> {
  const home = await context.openHome();
  const training = await enterTraining(home, runDir);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort(new Problem(`Following has ended; the training goes on.`, { kind: 'failure', hint: `Follow it again with: retort adopt ${runDir}` }));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    await followTraining(home, training, { waits: follows, signal: stopping.signal, onEvent: (event) => printEvent(context, event) });
  } catch (error) {
    throw stopping.signal.aborted ? stopping.signal.reason : error;
  } finally {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
  return training.run.id;
}
