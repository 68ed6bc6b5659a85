import { makeReward } from '../../distill/rewards/make-reward.ts';
import { threads } from '../../runtime/threads.ts';
import { firstExamples } from '../../text/example-set.ts';
import { check } from '../check.ts';

/** The reward answers for the first example: a model, program or service that is missing or answers nonsense is known before the long work. */
export const rewardAnswers = check('reward', ['method', 'train'], async ({ method: { reward: settings }, train }) => {
  if (!settings) return;
  const reward = await makeReward(settings, threads());
  try {
    await reward.score((await firstExamples(train, 1)).map(({ promptText, completionText, row }) => (
      { prompt: promptText, completion: completionText ?? '', reference: completionText, row })));
  } finally {
    await reward.release();
  }
});
