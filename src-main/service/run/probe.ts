import type { Commands } from '../../contract/worker.ts';
import type { CommandEvent, Params, Result } from '../../contract/worker-host.ts';
import { countParameters } from '../../nn/build.ts';
import { buildTrainer, readTeacher } from './build-trainer.ts';
import { prepareRun } from './prepare.ts';
import { diskForecast } from '../../checks/disk.ts';

/** Makes a few steps of a recipe in memory, measures them and throws them away. */
export async function probeRun(
  { recipe, runDir, steps, allowed }: Params<Commands, 'probe'>, emit: (event: CommandEvent<Commands, 'probe'>) => void,
): Promise<Result<Commands, 'probe'>> {
  const run = await prepareRun(recipe, runDir, { allowed });
  const { student } = run;
  const teacher = await readTeacher(run);
  const built = await buildTrainer(run,
    (optimizer) => student.folder.readWeights((name) => optimizer.weights(name), student.parameters),
    run.train, teacher, { totalTokens: 0 });
  try {
    const times: number[] = [];
    let memory = 0;
    for (let step = 1; step <= steps; step++) {
      const { metrics } = await built.trainer.step(step);
      times.push(metrics.stepMs);
      memory = Math.max(memory, metrics.memory);
      emit({ event: 'phase', phase: 'train', done: step, total: steps });
    }
    // The first step also compiles its graphs, which later steps seldom do.
    const settled = times.length > 1 ? times.slice(1) : times;
    const { needed, free } = await diskForecast(run, runDir);
    return {
      steps, memory,
      totalSteps: run.steps, diskNeeded: needed, diskFree: free,
      parameters: countParameters(student.parameters),
      microBatchSize: run.microBatchSize,
      stepMs: settled.reduce((sum, time) => sum + time, 0) / settled.length,
    };
  } finally {
    await built.release();
  }
}
