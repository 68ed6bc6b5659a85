import { Problem } from '../contract/problem.ts';
import type { RewardSettings } from '../contract/reward.ts';
import { rowName } from '../data/read.ts';
import { answerOf } from '../metrics/accuracy.ts';
import { eachExample } from '../text/example-set.ts';
import { check } from './check.ts';

/** A run that earns rewards says what for. */
export const rewardGiven = check('reward', ['recipe', 'method'], ({ recipe: { train: { batchSize } }, method: { preset, reward, samplesPerPrompt } }) => {
  if (preset !== 'rl-gkd') return;
  if (!reward) {
    throw new Problem('method.reward is missing: the method "rl-gkd" needs something that values a completion.', {
      hint: 'Add "reward": { "kind": "exact" } or another of those in docs/recipe.md, or use the preset "gkd".',
    });
  }
  if (batchSize % samplesPerPrompt !== 0) {
    throw new Problem(`method.samplesPerPrompt is ${samplesPerPrompt}, which does not divide train.batchSize, ${batchSize}.`, {
      hint: 'A batch holds so many texts for each of its prompts: choose a multiple.',
    });
  }
});

/** Kinds that compare a completion with the reference. */
const COMPARING: ReadonlySet<RewardSettings['kind']> = new Set(['exact', 'numeric', 'rouge']);

/** Every example has the reference that its reward compares with. */
export const rewardReferences = check('reward', ['recipe', 'method', 'train'], async ({ recipe: { data }, method: { reward }, train }) => {
  if (!reward || !COMPARING.has(reward.kind)) return;
  for await (const { index, completionText } of eachExample(train)) {
    if (completionText === null) {
      throw new Problem(`${rowName(data.train, index)} has no completion, which the reward "${reward.kind}" compares with.`, { hint: 'Give data.completion.' });
    }
    if (reward.kind === 'numeric' && answerOf(completionText) === null) {
      throw new Problem(`${rowName(data.train, index)}: the completion ${JSON.stringify(completionText)} has no number in it, which the reward "numeric" needs.`, {
        hint: 'Remove the row, or choose another reward.',
      });
    }
  }
});
