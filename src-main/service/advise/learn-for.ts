import type { OwnText } from '../../distill/cannot-write.ts';
import { givenText, type EncodedExample, type GivenText } from '../../text/encoded-example.ts';
import { judgeCompletions } from '../evaluate/judge-completions.ts';
import type { BuiltRun } from '../run/build-trainer.ts';
import type { PreparedRun } from '../run/look/prepare.ts';
import { UPDATES, type ProbeRow } from './probe-rate.ts';

/**
 * Makes a few updates by a recipe's method at a rate, and tells what its loss on some texts is then: the right answers of rows, or
 * texts that the student wrote at its start. Null where there is nothing to learn from before the run itself begins, or no text.
 * @param own  the student's texts; null where right answers are judged
 */
export function learnFor(
  run: PreparedRun, fresh: (changed: PreparedRun) => Promise<BuiltRun>, examples: readonly EncodedExample[], own: readonly OwnText[] | null, signal: AbortSignal,
): ((rate: number | null) => Promise<ProbeRow[]>) | null {
  const { method, recipe, sharedVocabulary } = run;
  if (method.source === 'teacher') return null;
  const all = own === null ? examples.map(givenText) : own.map(({ tokens }, at): GivenText => ({ index: examples[at]!.index, prompt: examples[at]!.prompt, completion: Int32Array.from(tokens), learned: null }));
  const texts = all.filter(({ completion }) => completion.length > 0);
  if (texts.length === 0) return null;
  const isAlone = method.divergence === 'cross_entropy';
  return async (rate) => {
    const built = await fresh({ ...run, recipe: { ...recipe, train: { ...recipe.train, learningRate: rate ?? recipe.train.learningRate, schedule: 'constant', warmupSteps: 0 } } });
    try {
      for (let step = 1; rate !== null && step <= UPDATES; step++) {
        signal.throwIfAborted();
        await built.trainer.step(step);
      }
      const teacher = isAlone ? null : built.teacher;
      const judged = await judgeCompletions(built.student(), teacher && { teacher: teacher.judge, loss: method, sharedVocabulary }, texts, { signal });
      return judged.map(({ loss, divergence, tokens, compared = tokens }): ProbeRow => (isAlone ? [loss, tokens] : [divergence, compared]));
    } finally {
      await built.release();
    }
  };
}
