import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { Problem } from '../contract/problem.ts';
import type { Study } from '../contract/study.ts';
import { writeWhole } from '../files/write-whole.ts';
import { resource } from '../service/resources.ts';
import { pictureOf } from '../service/study/picture.ts';
import { readStudy } from '../service/study/read-study.ts';
import { halvingMetric } from '../service/study/halving/metric.ts';
import { planHalving } from '../service/study/halving/plan-halving.ts';
import { runHalving } from '../service/study/halving/run-halving.ts';
import { runStudy, type Measured, type StudyEvent } from '../service/study/run-study.ts';
import { summarize } from '../service/study/summarize.ts';
import { tableOf } from '../service/study/table.ts';
import type { Context } from './context.ts';
import { concludeHalving, tellRung } from './halving-output.ts';
import { count, whole } from './options.ts';
import { TRUST } from './run-command.ts';
import type { Action } from './action.ts';

interface StudyOptions { dir?: string; trust?: boolean; workers: number; threads: number; halving?: string; keep: number }

export function addStudyCommand(program: Command, act: Action): void {
  program.command('study')
    .description('many runs that are compared: a table and a picture at the end; goes on where it was stopped')
    .argument('<study>', 'study.json, or the name of one that comes with Retort')
    .option('--dir <dir>', 'folder of its runs and results; studies/<name> under the home folder if left out')
    .option('--workers <number>', 'runs computed side by side; several suit small models', count, 1)
    .option('--threads <number>', 'threads of each worker; all cores together if left out', whole, 0)
    .option('--halving <metric>', 'all arms for a share of their steps, then the better half goes on, by this number on the held-out rows')
    .option('--keep <number>', 'with --halving: arms that go to the end', count, 1)
    .option('--trust', TRUST)
    .action(act(async (context, [wanted], options: StudyOptions) => {
      const file = existsSync(wanted!) ? wanted! : bundled(wanted!);
      const { study, runs } = await readStudy(file);
      const halving = options.halving === undefined ? null : { metric: halvingMetric(options.halving), keep: options.keep };
      if (halving) planHalving(runs, halving.metric, halving.keep);
      else if (options.keep !== 1) throw new Problem('--keep says how many arms a halving leaves, and --halving is not there.', { hint: 'Add --halving with a metric, or leave --keep out.' });
      const folder = options.dir === undefined ? join(context.homePath, 'studies', basename(file, '.json')) : resolve(options.dir);
      const home = await context.openHome();
      const workers = Array.from({ length: Math.min(options.workers, runs.length) }, () => context.newWorker(options.threads));
      const stopped = new AbortController();
      const stop = (): void => {
        context.output.line('Stopping after this step; checkpoints are saved. Ctrl-C again ends at once.');
        stopped.abort();
        process.once('SIGINT', () => process.exit(130));
      };
      process.once('SIGINT', stop);
      process.once('SIGTERM', stop);
      process.once('SIGHUP', stop);
      try {
        context.output.line(`${study.name}: ${runs.length} runs in ${folder}`);
        const failed: string[] = [];
        const given = { folder, consent: await context.consent(options.trust), workers, signal: stopped.signal };
        if (halving) {
          const lines = await runHalving(home, study, runs, halving, { ...given, onEvent: (event) => { if (event.event === 'rung') tellRung(context.output, event); else tell(context, event, failed); } });
          if (lines) await concludeHalving(context.output, lines, halving.metric, folder);
        } else {
          await conclude(context, study, await runStudy(home, study, runs, { ...given, onEvent: (event) => tell(context, event, failed) }), folder);
        }
        if (stopped.signal.aborted) context.output.line('Stopped. The same command goes on.');
        if (failed.length > 0) throw new Problem(`${failed.length} of ${runs.length} runs failed: ${failed.join(', ')}.`, { kind: 'failure', hint: 'Their messages are above. The same command tries them again.' });
      } finally {
        process.removeListener('SIGINT', stop);
        process.removeListener('SIGTERM', stop);
        process.removeListener('SIGHUP', stop);
        await Promise.all(workers.map((worker) => worker.close()));
      }
    }));
}

function bundled(name: string): string {
  const file = resource('studies', `${name}.json`);
  if (!/^[a-z-]+$/.test(name) || !existsSync(file)) {
    throw new Problem(`Study ${name} cannot be read: there is no such file.`, { hint: 'Check the path, or name one that comes with Retort: method-comparison, lambda, divergence-by-temperature, data-efficiency.' });
  }
  return file;
}

function tell({ output }: Context, event: StudyEvent, failed: string[]): void {
  switch (event.event) {
    case 'run': {
      const { runEvent, key, runId } = event;
      if (runEvent.event === 'step') output.progress(key, runEvent.step, steps.get(runId) ?? runEvent.step, `loss ${runEvent.loss.toFixed(4)}`);
      else if (runEvent.event === 'started') steps.set(runId, runEvent.steps);
      if (runEvent.event !== 'rollouts' && runEvent.event !== 'restored') output.json({ ...runEvent, run: key });
      return;
    }
    case 'measured': {
      output.json(event);
      const scores = Object.entries(event.measurement.metrics).map(([name, { value }]) => `${name} ${value.toFixed(4)}`);
      const seed = event.seed === null ? '' : `, seed ${event.seed}`;
      const point = Object.entries(event.system?.point ?? {}).map(([field, value]) => `, ${field.split('.').at(-1)} ${JSON.stringify(value)}`).join('');
      output.line(`[${event.done}/${event.total}] ${event.name}${point}${seed}, ${event.evaluation}: ${scores.join(', ')}`);
      return;
    }
    case 'failed':
      failed.push(event.key);
      output.json(event);
      output.line(`${event.key} failed: ${event.error.message}${event.error.hint === undefined ? '' : ` ${event.error.hint}`}`);
  }
}

/** Of each run, how many steps it has. */
const steps = new Map<string, number>();

async function conclude({ output }: Context, study: Study, measured: readonly Measured[], folder: string): Promise<void> {
  if (measured.length === 0) return;
  const lines = summarize(measured);
  const table = tableOf(study, lines);
  const picture = pictureOf(study, lines);
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, 'table.md'), [`${table}\n`], { replace: true });
  await writeWhole(join(folder, 'results.json'), [`${JSON.stringify({ study, lines }, null, 2)}\n`], { replace: true });
  if (picture !== null) await writeWhole(join(folder, 'picture.svg'), [picture], { replace: true });
  output.json({ event: 'done', folder, lines });
  output.line(`\n${table}\n\nIntervals are of 95%: over seeds where there are several (Student's t), else over the examples (bootstrap).`);
  output.line(`Table, picture and numbers: ${folder}`);
}
