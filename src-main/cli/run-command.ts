import type { Command } from 'commander';
import { DEVICES, type Device } from '../contract/divergence.ts';
import { bestText, earlyText } from '../contract/best.ts';
import { memorySentence, outcomeSentence, paceSentence } from '../contract/forecast-text.ts';
import type { RunEvent } from '../contract/events.ts';
import { visibleLine } from '../contract/visible.ts';
import { stageSentence } from '../contract/stages.ts';
import { readRecipe } from '../service/recipe/recipe-file.ts';
import { resumeRun, startRun, type RunOptions, type RunResult } from '../service/runs.ts';
import type { Context } from './context.ts';
import { oneOf, whole } from './options.ts';
import type { Action } from './action.ts';

/** Help of `--trust`, wherever a recipe is run. */
export const TRUST = 'allow for this call the command or the address that the recipe\'s reward names';

export function addRunCommands(program: Command, act: Action): void {
  program.command('run')
    .description('distil as a recipe says')
    .argument('<recipe>', 'recipe.json')
    .option('--run-dir <dir>', 'folder for checkpoints and logs; a new one under the home folder if left out')
    .option('--trust', TRUST)
    .action(act(async (context, [file], options: { runDir?: string; trust?: boolean }) => {
      const recipe = await readRecipe(file!);
      const home = await context.openHome();
      await withRun(context, options.trust, (settings) => startRun(home, context.worker(), recipe, options.runDir ?? null, settings));
    }));
  program.command('resume')
    .description('go on with a run from its last checkpoint')
    .argument('<run>', 'id, beginning of an id, or run folder; one that the history does not know is taken in')
    .option('--step <number>', 'from the checkpoint of this step, 0 for the start; newer ones are put aside', whole)
    .option('--changed', 'although files that the run reads have changed since it began')
    .option('--device <device>', `on another device than before (${DEVICES.join(', ')}); its numbers then differ by rounding from those it would have had`, oneOf(...DEVICES))
    .option('--trust', TRUST)
    .action(act(async (context, [wanted], { step, changed, device, trust }: { step?: number; changed?: boolean; device?: Device; trust?: boolean }) => {
      const home = await context.openHome();
      await withRun(context, trust, (settings) => resumeRun(home, context.worker(), wanted!, {
        ...settings, ...(step !== undefined && { fromStep: step }), ...(changed !== undefined && { allowChanged: changed }), ...(device !== undefined && { device }),
      }));
    }));
}

/** Follows a run: prints its events, and turns Ctrl-C into a checkpoint. */
async function withRun(context: Context, trust: boolean | undefined, go: (options: RunOptions) => Promise<RunResult>): Promise<void> {
  let runId = '';
  const result = await stopOnSignals(context, async (stopping) => go({ consent: await context.consent(trust), stopping, onId: (id) => { runId = id; }, onEvent: (event) => printEvent(context, event) }));
  if (result.status === 'stopped') context.output.line(`Stopped after step ${result.step}. Go on with: retort resume ${runId}`);
}

/** Turns Ctrl-C into a checkpoint of the run that goes on. @param work  given what is aborted then */
export async function stopOnSignals<T>(context: Context, work: (stopping: AbortSignal) => Promise<T>): Promise<T> {
  const stopping = new AbortController();
  const stop = (): void => {
    context.output.line('Stopping after this step; the checkpoint is saved. Ctrl-C again ends at once.');
    stopping.abort();
    process.once('SIGINT', () => process.exit(130));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // The terminal was closed.
  process.once('SIGHUP', stop);
  try {
    return await work(stopping.signal);
  } finally {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
    process.removeListener('SIGHUP', stop);
  }
}

let total = 0;

/** Prints what a run tells, for people and for programs. */
export function printEvent({ output }: Context, event: RunEvent): void {
  // The history keeps them; a program that follows the run would drown in rollouts, and has had what is restored.
  if (event.event !== 'rollouts' && event.event !== 'restored') output.json(event);
  switch (event.event) {
    case 'started':
      total = event.steps;
      output.line(`${visibleLine(event.name)}: ${(event.parameters / 1e6).toFixed(2)}M parameters, ${event.steps} steps${event.fromStep > 0 ? ` from ${event.fromStep}` : ''}, in ${event.runDir}`);
      return;
    case 'stage':
      output.line(`step ${event.first}: ${stageSentence(event)}`);
      return;
    case 'forecast':
      output.line(memorySentence(event.memory));
      return;
    case 'pace':
      output.line(paceSentence(event.totalMs));
      return;
    case 'outcome':
      output.line(outcomeSentence(event.outcome));
      return;
    case 'phase':
      if (event.phase !== 'prepare' && event.phase !== 'checkpoint') output.progress(event.phase, event.done, event.total);
      return;
    case 'step':
      output.progress('train', event.step, total, `loss ${event.loss.toFixed(4)}  ${Math.round(event.tokensPerSecond)} tokens/s`);
      return;
    case 'evaluation': {
      const parts = Object.entries(event.metrics).map(([name, { value }]) => `${name} ${value.toFixed(4)}`);
      if (event.divergence !== null) parts.push(`divergence ${event.divergence.toFixed(4)}`);
      if (event.loss !== null) parts.push(`loss ${event.loss.toFixed(4)}`);
      output.line(`step ${event.step}: ${parts.join(', ')} on ${event.examples} held-out examples`);
      return;
    }
    case 'warning':
      output.line(`warning: ${event.message}`);
      return;
    case 'done':
      if (event.stoppedEarly) output.line(`Stopped early: ${earlyText(event.stoppedEarly)}.`);
      output.line(`Done after ${event.step} steps: ${event.checkpoint}`);
      if (event.best) output.line(`best ${bestText(event.best)}`);
      return;
    case 'rollouts': case 'restored': case 'checkpoint': case 'stopped': case 'failed':
  }
}
