import { Problem } from '../../contract/problem.ts';
import type { RewardSettings } from '../../contract/reward.ts';
import { rowName } from '../../data/read.ts';
import { makeReward } from '../../distill/rewards/make-reward.ts';
import { answerOf } from '../../metrics/accuracy.ts';
import { eachExample, firstExamples, type ExampleSet } from '../../text/example-set.ts';
import { threads } from '../load-model.ts';

/** Kinds that compare a completion with the reference. */
const COMPARING: ReadonlySet<RewardSettings['kind']> = new Set(['exact', 'numeric', 'rouge']);

/**
 * Tries a run's reward on its first example, so that a model, program or service that is missing or answers nonsense is
 * known before the long work. @param path  names the examples in messages
 */
export async function checkReward(settings: RewardSettings, path: string, examples: ExampleSet): Promise<void> {
  if (COMPARING.has(settings.kind)) await checkReferences(settings.kind, path, examples);
  const reward = await makeReward(settings, threads());
  try {
    await reward.score((await firstExamples(examples, 1)).map(({ promptText, completionText, row }) => (
      { prompt: promptText, completion: completionText ?? '', reference: completionText, row })));
  } finally {
    await reward.release();
  }
}

async function checkReferences(kind: RewardSettings['kind'], path: string, examples: ExampleSet): Promise<void> {
  for await (const { index, completionText } of eachExample(examples)) {
    if (completionText === null) {
      throw new Problem(`${rowName(path, index)} has no completion, which the reward "${kind}" compares with.`, { hint: 'Give data.completion.' });
    }
    if (kind === 'numeric' && answerOf(completionText) === null) {
      throw new Problem(`${rowName(path, index)}: the completion ${JSON.stringify(completionText)} has no number in it, which the reward "numeric" needs.`, {
        hint: 'Remove the row, or choose another reward.',
      });
    }
  }
}
