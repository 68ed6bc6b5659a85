import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StepMetrics } from '../../contract/events.ts';
import type { Forecast } from '../../contract/forecast.ts';
import type { Commands } from '../../contract/worker.ts';
import type { CommandEvent, Params } from '../../contract/worker-host.ts';
import { peakMemory, resetPeakMemory } from '../../runtime/peak-memory.ts';
import { countParameters } from '../../nn/build.ts';
import { buildTrainer } from './build-trainer.ts';
import { prepareRun } from './prepare.ts';
import { teachesItself } from '../../model/adapter/teaches-itself.ts';
import { openBase } from './open-base.ts';
import { openRunTeacher } from './run-teacher.ts';
import { probeEvaluation } from './probe-evaluation.ts';
import { diskForecast } from '../../checks/disk.ts';

/** Makes a few steps and an evaluation of a recipe in memory, measures them and throws them away. */
export async function probeRun(
  { recipe, runDir, steps, allowed, serverKey }: Params<Commands, 'probe'>, signal: AbortSignal, emit: (event: CommandEvent<Commands, 'probe'>) => void,
): Promise<Forecast> {
  resetPeakMemory();
  const run = await prepareRun(recipe, runDir, { allowed, signal, serverKey });
  const { student } = run;
  // An evaluation counts as one more step of the way.
  const total = steps + (run.validation.count > 0 ? 1 : 0);
  const start = performance.now();
  // What it measures is a step, not what is kept from before.
  const own = teachesItself(run) ? await openBase(run) : null;
  const aside = await mkdtemp(join(tmpdir(), 'retort-probe-'));
  const teacher = await openRunTeacher(run, null, own, { cache: aside, own: join(aside, 'own'), begun: aside, step: 0, isResumed: false, allowChanged: false, isStopAsked: () => signal.aborted, tell: () => undefined });
  const built = await buildTrainer(run, { base: own ?? await openBase(run), from: null }, run.train, teacher, { totalTokens: 0 });
  const readMs = performance.now() - start;
  try {
    const made: StepMetrics[] = [];
    for (let step = 1; step <= steps; step++) {
      signal.throwIfAborted();
      const { metrics } = await built.trainer.step(step);
      made.push(metrics);
      emit({ event: 'phase', phase: 'train', done: step, total });
    }
    const evaluation = await probeEvaluation(run, built, (done, all) => emit({ event: 'phase', phase: 'evaluate', done: steps + done / all, total }), signal);
    // The first step also compiles its graphs, which later steps seldom do.
    const settled = made.length > 1 ? made.slice(1) : made;
    const mean = (field: 'stepMs' | 'rolloutMs' | 'teacherMs' | 'updateMs'): number => settled.reduce((sum, metrics) => sum + metrics[field], 0) / settled.length;
    const stepMs = mean('stepMs');
    const startMs = readMs + Math.max(0, made[0]!.stepMs - stepMs);
    const { needed, free } = await diskForecast(run, runDir);
    return {
      steps, memory: peakMemory(), startMs, stepMs, evaluation, stepParts: { rollout: mean('rolloutMs'), teacher: mean('teacherMs'), update: mean('updateMs') },
      totalMs: startMs + run.steps * stepMs + (evaluation ? evaluation.teacherMs + evaluation.times * evaluation.ms : 0),
      isTeacherFirst: run.method.source === 'teacher',
      totalSteps: run.steps, diskNeeded: needed, diskFree: free,
      expected: run.memory,
      parameters: countParameters(student.parameters),
      microBatchSize: run.microBatchSize,
    };
  } finally {
    await built.release();
    await rm(aside, { recursive: true, force: true });
  }
}
