import { basename } from 'node:path';
import { Problem } from '../contract/problem.ts';
import { ACCEPTANCE } from '../metrics/acceptance.ts';
import { anyPair } from '../model/model-pair.ts';
import type { Alignment } from '../text/aligned/alignment.ts';
import { firstExamples, type ExampleSet } from '../text/example-set.ts';
import { check, notice } from './check.ts';

/** Examples whose tokens are looked at. */
const LOOKED_AT = 64;

/** What a teacher with another tokenizer cannot do for a method is refused before its texts are read. */
export const otherTokens = check('other-tokens', ['recipe', 'method', 'student', 'teacher'], ({ recipe: { evaluate, data }, method, student, teacher }) => {
  if (!teacher || anyPair(student, teacher).hasSameTokens) return;
  const refuse = (message: string, hint: string): never => { throw new Problem(message, { hint }); };
  if (method.preset === 'minillm') {
    refuse('The method "minillm" lets the teacher write along at every token of the student\'s texts, and the teacher has another tokenizer.', 'Use "on-policy-kd" or "gkd" with reverse_kl, or choose a teacher of the student\'s family.');
  }
  if (evaluate.metrics.includes(ACCEPTANCE)) {
    refuse('evaluate.metrics has "acceptance", for which the teacher takes over the tokens that the student drafts, and the teacher has another tokenizer.', 'Leave the metric out, or choose a teacher of the student\'s family.');
  }
  if (data.learn === 'all' && method.divergence !== 'cross_entropy') {
    refuse('data.learn is "all", and the teacher has another tokenizer: between two learned turns each model reads what its own chat template writes there.', 'Set data.learn to "last", or choose a teacher of the student\'s family.');
  }
});

/** How far the two can be compared. */
export const comparedTokens = check('compared-tokens', ['recipe', 'method', 'alignment', 'train'], async ({ recipe, method, alignment, train }) => {
  if (!alignment) return;
  const share = method.divergence === 'cross_entropy' ? null : await comparedShare(alignment, train);
  return [notice('compared-tokens', {
    field: 'teacher.model',
    message: `Teacher and student have different tokenizers: ${sharedShare(alignment)} of the student's tokens are the teacher's as well; a token that only one of the two has counts as the first piece which the other cuts it into.`
      + (share === null ? '' : ` On ${basename(recipe.data.train)} the two are compared at ${percent(share)} of the tokens; at the others it is not known what the teacher thinks of the text so far, and nothing is learned from it.`),
  })];
});

const sharedShare = ({ families: { shared, student } }: Pick<Alignment, 'families'>): string => percent(shared / student.length);

const percent = (share: number): string => `${share < 1 ? Math.min(99, Math.round(100 * share)) : 100}%`;

/** Null where the data has no completions. */
async function comparedShare(alignment: Alignment, train: ExampleSet): Promise<number | null> {
  let [compared, all] = [0, 0];
  for (const { completion, learned } of await firstExamples(train, LOOKED_AT)) {
    alignment.align(completion).places.forEach((place, at) => {
      if (learned?.[at] === 0) return;
      all += 1;
      if (place) compared += 1;
    });
  }
  return all === 0 ? null : compared / all;
}
