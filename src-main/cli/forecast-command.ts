import type { Command } from 'commander';
import { bytesText } from '../contract/bytes-text.ts';
import { deviceSentence, timeText } from '../contract/forecast-text.ts';
import { MEMORY_PARTS, type Forecast, type MemoryForecast, type MemoryPart, type Remedy } from '../contract/forecast.ts';
import { newRunId } from '../service/ids.ts';
import { readRecipe } from '../service/recipe/recipe-file.ts';
import type { Action } from './action.ts';
import { count } from './options.ts';
import type { Output } from './output.ts';
import { TRUST } from './run-command.ts';

interface ForecastOptions { steps: number; measure: boolean; trust?: boolean }

export function addForecastCommand(program: Command, act: Action): void {
  program.command('forecast')
    .description('what a run will take: memory by part, worked out; time by part, measured by a few steps and an evaluation')
    .argument('<recipe>', 'recipe.json')
    .option('--steps <number>', 'steps to measure, from 2', count, 3)
    .option('--no-measure', 'only memory, which is worked out without a step')
    .option('--trust', TRUST)
    .action(act(async (context, [file], { steps, measure, trust }: ForecastOptions) => {
      const recipe = await readRecipe(file!);
      const runDir = (await context.openHome()).runDir(newRunId());
      const { forecast: memory, remedies } = await context.worker().request('forecastMemory', { recipe, runDir });
      tellMemory(context.output, memory, remedies);
      const time = measure ? await context.worker().request('probe', {
        recipe, runDir, steps: Math.max(2, steps), allowed: await (await context.consent(trust)).settle(recipe),
      }, { onEvent: ({ phase, done, total }) => context.output.progress(phase, done, total) }) : null;
      if (time) tellTime(context.output, time);
      context.output.json({ memory, remedies, time });
    }));
}

function tellMemory(output: Output, { parts, peak, free, total, device }: MemoryForecast, remedies: readonly Remedy[]): void {
  for (const [part, bytes] of Object.entries(parts) as [MemoryPart, number][]) if (bytes > 0) output.line(`${MEMORY_PARTS[part].padEnd(26)}${bytesText(bytes).padStart(10)}`);
  output.line(`${'memory at its peak'.padEnd(26)}${bytesText(peak).padStart(10)}  of ${bytesText(free)} that are free, ${bytesText(total)} in all`);
  if (device) output.line(deviceSentence(device));
  if (peak <= free) return;
  output.line('It would need less with:');
  for (const remedy of remedies) output.line(`  ${bytesText(remedy.peak).padStart(10)}  ${remedy.label}: ${JSON.stringify(remedy.patch)}`);
}

function tellTime(output: Output, { startMs, stepMs, stepParts, totalSteps, evaluation, totalMs, isTeacherFirst, memory, stages = [] }: Forecast): void {
  const line = (name: string, ms: number, note = ''): void => output.line(`${name.padEnd(26)}${timeText(ms).padStart(10)}${note}`);
  line('start', startMs);
  line(`${totalSteps} steps`, totalSteps * stepMs, `  ${timeText(stepMs)} each`);
  for (const stage of stages) line(`  ${stage.name}`, stage.totalMs, `  ${stage.steps} steps, ${timeText(stage.stepMs)} each`);
  line('  the student writes', totalSteps * stepParts.rollout);
  line('  the teacher judges', totalSteps * stepParts.teacher);
  line('  learning', totalSteps * stepParts.update);
  if (evaluation) line(`${evaluation.times} evaluations`, evaluation.teacherMs + evaluation.times * evaluation.ms, `  ${timeText(evaluation.ms)} each`);
  line('time in all', totalMs, isTeacherFirst ? '  without what the teacher writes first' : '');
  output.line(`memory measured at the peak of these steps: ${bytesText(memory)}`);
}
