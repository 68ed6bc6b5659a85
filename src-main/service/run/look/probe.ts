import type { StepMetrics } from '../../../contract/events.ts';
import type { Forecast } from '../../../contract/forecast.ts';
import type { Commands } from '../../../contract/worker.ts';
import type { CommandEvent, Params } from '../../../contract/worker-host.ts';
import { peakMemory, resetPeakMemory } from '../../../runtime/peak-memory.ts';
import { countParameters } from '../../../nn/build.ts';
import { buildTrainer, type BuiltRun } from '../build-trainer.ts';
import { prepareStages, type PreparedStage } from '../stages/prepare-stages.ts';
import { teachesItself } from '../../../model/adapter/teaches-itself.ts';
import { openBase } from '../open-base.ts';
import { lent, withTeacherAside } from '../teacher/teacher-aside.ts';
import { evaluationsOfStage, probeEvaluation } from './probe-evaluation.ts';
import { diskForecast } from '../../../checks/disk.ts';

/** Makes a few steps and an evaluation of every stage of a recipe in memory, measures them and throws them away. */
export async function probeRun(
  { recipe, runDir, steps, allowed, serverKey }: Params<Commands, 'probe'>, signal: AbortSignal, emit: (event: CommandEvent<Commands, 'probe'>) => void,
): Promise<Forecast> {
  resetPeakMemory();
  const { stages, memory } = await prepareStages(recipe, runDir, { allowed, signal, serverKey });
  const [first] = stages;
  // An evaluation counts as one more step of the way.
  const each = steps + (first!.validation.count > 0 ? 1 : 0);
  const total = each * stages.length;
  const probed: ProbedStage[] = [];
  for (const [at, stage] of stages.entries()) {
    probed.push(await probeStage(stage, { steps, of: stages.length, signal, tell: (phase, done) => { emit({ event: 'phase', phase, done: at * each + done, total }); } }));
  }
  const sum = (of: (stage: ProbedStage) => number): number => probed.reduce((all, stage) => all + of(stage), 0);
  const totalSteps = sum((stage) => stage.totalSteps);
  const mean = (of: (stage: ProbedStage) => number): number => sum((stage) => stage.totalSteps * of(stage)) / totalSteps;
  const evaluations = probed.flatMap(({ evaluation }) => evaluation ?? []);
  const times = evaluations.reduce((all, evaluation) => all + evaluation.times, 0);
  const evaluation = evaluations.length === 0 ? null : {
    ...evaluations.at(-1)!, times,
    ms: evaluations.reduce((all, measured) => all + measured.times * measured.ms, 0) / times, teacherMs: Math.max(...evaluations.map(({ teacherMs }) => teacherMs)),
  };
  const startMs = sum((stage) => stage.startMs);
  const stepMs = mean((stage) => stage.stepMs);
  const { needed, free } = await diskForecast(first!, runDir);
  return {
    steps, memory: peakMemory(), startMs, stepMs, evaluation,
    stepParts: { rollout: mean(({ stepParts }) => stepParts.rollout), teacher: mean(({ stepParts }) => stepParts.teacher), update: mean(({ stepParts }) => stepParts.update) },
    totalMs: startMs + totalSteps * stepMs + (evaluation ? evaluation.teacherMs + evaluation.times * evaluation.ms : 0),
    isTeacherFirst: stages.some(({ method }) => method.source === 'teacher'),
    totalSteps, diskNeeded: needed, diskFree: free,
    expected: memory,
    parameters: countParameters(first!.student.parameters),
    microBatchSize: first!.microBatchSize,
    ...(recipe.stages && { stages: probed.map(({ stepMs: ms, totalSteps: of, startMs: start }, at) => ({ name: stages[at]!.name!, steps: of, stepMs: ms, totalMs: start + of * ms })) }),
  };
}

/** One stage, from the student that the run begins with: what it takes does not depend on what the student has learned. */
type ProbedStage = Pick<Forecast, 'startMs' | 'stepMs' | 'stepParts' | 'evaluation' | 'totalSteps'>;

/** `of` counts the run's stages. */
interface Probing { steps: number; of: number; signal: AbortSignal; tell(phase: 'train' | 'evaluate', done: number): void }

async function probeStage(run: PreparedStage, probing: Probing): Promise<ProbedStage> {
  const start = performance.now();
  const base = await openBase(run);
  try {
    // What it measures is a step, not what is kept from before.
    return await withTeacherAside(run, teachesItself(run) ? base : null, probing.signal, async (teacher) =>
      measureStage(run, await buildTrainer(run, { base, from: null }, run.train, lent(teacher), { totalTokens: 0 }), performance.now() - start, probing));
  } finally {
    base?.release();
  }
}

/** @param readMs  that it took to read the models */
async function measureStage(run: PreparedStage, built: BuiltRun, readMs: number, { steps, of, signal, tell }: Probing): Promise<ProbedStage> {
  try {
    const made: StepMetrics[] = [];
    for (let step = 1; step <= steps; step++) {
      signal.throwIfAborted();
      const { metrics } = await built.trainer.step(step);
      made.push(metrics);
      tell('train', step);
    }
    const evaluation = await probeEvaluation(run, built, evaluationsOfStage(run, of), (done, all) => tell('evaluate', steps + done / all), signal);
    // The first step also compiles its graphs, which later steps seldom do.
    const settled = made.length > 1 ? made.slice(1) : made;
    const mean = (field: 'stepMs' | 'rolloutMs' | 'teacherMs' | 'updateMs'): number => settled.reduce((sum, metrics) => sum + metrics[field], 0) / settled.length;
    const stepMs = mean('stepMs');
    return {
      startMs: readMs + Math.max(0, made[0]!.stepMs - stepMs), stepMs, evaluation,
      stepParts: { rollout: mean('rolloutMs'), teacher: mean('teacherMs'), update: mean('updateMs') }, totalSteps: run.steps,
    };
  } finally {
    await built.release();
  }
}
