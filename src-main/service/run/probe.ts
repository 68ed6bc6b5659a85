import type { Forecast } from '../../contract/forecast.ts';
import type { Commands } from '../../contract/worker.ts';
import type { CommandEvent, Params } from '../../contract/worker-host.ts';
import { countParameters } from '../../nn/build.ts';
import { buildTrainer } from './build-trainer.ts';
import { prepareRun } from './prepare.ts';
import { openRunTeacher } from './run-teacher.ts';
import { probeEvaluation } from './probe-evaluation.ts';
import { diskForecast } from '../../checks/disk.ts';

/** Makes a few steps and an evaluation of a recipe in memory, measures them and throws them away. */
export async function probeRun(
  { recipe, runDir, steps, allowed }: Params<Commands, 'probe'>, signal: AbortSignal, emit: (event: CommandEvent<Commands, 'probe'>) => void,
): Promise<Forecast> {
  const run = await prepareRun(recipe, runDir, { allowed, signal });
  const { student } = run;
  // An evaluation counts as one more step of the way.
  const total = steps + (run.validation.count > 0 ? 1 : 0);
  const start = performance.now();
  // What it measures is a step, not what is kept from before.
  const teacher = await openRunTeacher(run, null);
  const built = await buildTrainer(run,
    (optimizer) => student.folder.readWeights((name) => optimizer.weights(name), student.parameters),
    run.train, teacher, { totalTokens: 0 });
  const readMs = performance.now() - start;
  try {
    const times: number[] = [];
    let memory = 0;
    for (let step = 1; step <= steps; step++) {
      signal.throwIfAborted();
      const { metrics } = await built.trainer.step(step);
      times.push(metrics.stepMs);
      memory = Math.max(memory, metrics.memory);
      emit({ event: 'phase', phase: 'train', done: step, total });
    }
    const evaluation = await probeEvaluation(run, built, (done, all) => emit({ event: 'phase', phase: 'evaluate', done: steps + done / all, total }), signal);
    // The first step also compiles its graphs, which later steps seldom do.
    const settled = times.length > 1 ? times.slice(1) : times;
    const stepMs = settled.reduce((sum, time) => sum + time, 0) / settled.length;
    const startMs = readMs + Math.max(0, times[0]! - stepMs);
    const { needed, free } = await diskForecast(run, runDir);
    return {
      steps, memory, startMs, stepMs, evaluation,
      totalMs: startMs + run.steps * stepMs + (evaluation ? evaluation.teacherMs + evaluation.times * evaluation.ms : 0),
      isTeacherFirst: run.method.source === 'teacher',
      totalSteps: run.steps, diskNeeded: needed, diskFree: free,
      parameters: countParameters(student.parameters),
      microBatchSize: run.microBatchSize,
    };
  } finally {
    await built.release();
  }
}
