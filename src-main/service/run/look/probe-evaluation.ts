import type { ForecastEvaluation } from '../../../contract/forecast.ts';
import { firstExamples } from '../../../text/example-set.ts';
import type { BuiltRun } from '../build-trainer.ts';
import { answersOfTeacher, evaluateRun } from '../evaluation/evaluate-run.ts';
import type { PreparedRun } from './prepare.ts';
import type { PreparedStage } from '../stages/prepare-stages.ts';

/** Examples measured at first: as many as are judged together, and as many as a run keeps the answers of. */
const FIRST = 8;
/** More examples are measured while that is quick: many texts at once take less time each. In milliseconds. */
const QUICK = 10_000;
const MORE = 4;

/** How long a run's evaluations will take, from one of a few examples. Null where nothing is held out. */
export async function probeEvaluation(
  run: PreparedRun, built: BuiltRun, times: number, onProgress: (done: number, total: number) => void, signal?: AbortSignal,
): Promise<ForecastEvaluation | null> {
  const { recipe: { evaluate }, validation } = run;
  const examples = Math.min(evaluate.examples, validation.count);
  if (examples === 0) return null;
  const start = performance.now();
  const answers = await answersOfTeacher(run, built.teacher, await firstExamples(validation, FIRST), signal);
  const teacherMs = answers ? performance.now() - start : 0;
  const first = Math.min(FIRST, examples);
  for (let measured = first; ; measured = Math.min(MORE * measured, examples)) {
    let [fixed, growing] = [0, 0];
    await evaluateRun(run, built, 0, await firstExamples(validation, measured), answers, {
      // What is measured behind the first examples is over soon.
      onProgress: (done, total) => { if (measured === first) onProgress(done, total); },
      onPart: ({ ms, grows }) => {
        if (grows) growing += ms;
        else fixed += ms;
      },
    }, signal);
    if (measured === examples || MORE * (fixed + growing) > QUICK) {
      return { times, examples, measured, ms: fixed + growing * examples / measured, teacherMs };
    }
  }
}

/** How often a stage evaluates, of so many: where it begins, at every so many steps of the run, and the last where it ends. */
export function evaluationsOfStage({ number, first, steps, recipe: { evaluate: { every } } }: PreparedStage, of: number): number {
  if (of === 1) return evaluationsOf(steps, every);
  const between = every === undefined ? 0 : Math.floor((first + steps - 1) / every) - Math.floor(first / every);
  return 1 + between + (number === of ? 1 : 0);
}

/** How often a run to its last step evaluates: at step 0, at every so many steps and at the last, each once. */
export function evaluationsOf(steps: number, every: number | undefined): number {
  return 2 + (every === undefined ? 0 : Math.floor((steps - 1) / every));
}
