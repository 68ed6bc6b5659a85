import { join } from 'node:path';
import type { Command } from 'commander';
import type { Evaluation } from '../contract/events.ts';
import { partsOf } from '../contract/export-parts.ts';
import { askOf, keepExport } from '../service/export/ask.ts';
import { startRun } from '../service/runs.ts';
import { SAMPLE_METHODS, sampleRecipe, type SampleMethod, type SampleResult } from '../service/sample.ts';
import type { Context } from './context.ts';
import { count, whole } from './options.ts';
import type { Action } from './action.ts';
import { whileWriting } from '../service/keeping/writing.ts';

const TITLES: Readonly<Record<SampleMethod, string>> = {
  'sft': 'fine-tuning on the data', 'supervised-kd': 'supervised distillation', 'gkd': 'on-policy distillation (GKD)',
};

export function addSampleCommand(program: Command, act: Action): void {
  program.command('sample')
    .description('the sample project from start to finish: distils, evaluates, exports')
    .option('--steps <number>', 'updates of each run; those of its recipes if left out', count)
    .option('--seed <number>', 'start of the random numbers', whole, 0)
    .action(act(async (context, _args, options: { steps?: number; seed: number }) => {
      const { output } = context;
      output.line('A small student does sums in five steps. Each method goes on from the same fine-tuned student, with as many steps.');
      const results: SampleResult[] = [];
      for (const method of SAMPLE_METHODS) results.push(await runSample(context, method, options));
      const exported = await exportBest(context, results.at(-1)!);
      printResults(context, results, exported);
    }));
}

async function runSample(context: Context, method: SampleMethod, options: { steps?: number; seed: number }): Promise<SampleResult> {
  const recipe = await sampleRecipe(method, options);
  const evaluations: Evaluation[] = [];
  const { checkpoint } = await startRun(await context.openHome(), context.worker(), recipe, null, {
    consent: await context.consent(),
    onEvent: (event) => {
      if (event.event !== 'rollouts') context.output.json({ ...event, method });
      if (event.event === 'evaluation') evaluations.push(event);
      if (event.event === 'step') context.output.progress(TITLES[method], event.step, recipe.train.steps!, `loss ${event.loss.toFixed(4)}`);
    },
  });
  return { method, before: evaluations[0]!, after: evaluations.at(-1)!, checkpoint: checkpoint! };
}

async function exportBest(context: Context, { checkpoint }: SampleResult): Promise<string> {
  const { database } = await context.openHome();
  const { run, step, ...asked } = await askOf(database, { kind: 'run', runId: join(checkpoint, '..', '..') });
  const to = join(checkpoint, '..', '..', 'export');
  const parts = partsOf(['onnx'], [], { imatrix: false });
  const report = await whileWriting(context.homePath, to, () => context.worker().request('export', { ...asked, to, parts, replace: false }));
  await keepExport(database, { run, step, ...asked }, parts, report);
  return to;
}

function printResults({ output }: Context, results: readonly SampleResult[], exported: string): void {
  const percent = ({ metrics }: Evaluation): string => {
    const { value, low, high } = metrics['accuracy']!;
    return `${(100 * value).toFixed(1).padStart(5)}%${low === null || high === null ? '' : `  (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`}`;
  };
  output.json({
    event: 'done', export: exported,
    results: results.map(({ method, before, after }) => ({ method, before: before.metrics['accuracy'], after: after.metrics['accuracy'] })),
  });
  const [{ before }] = results as [SampleResult];
  output.line(`\nAccuracy on ${before.examples} held-out exercises, with 95% intervals:`);
  output.line(`  ${'before: the fine-tuned student'.padEnd(36)}${percent(before)}`);
  for (const { method, after } of results) output.line(`  ${`after ${TITLES[method]}`.padEnd(36)}${percent(after)}`);
  output.line(`\nThe distilled student as ONNX: ${exported}`);
}
