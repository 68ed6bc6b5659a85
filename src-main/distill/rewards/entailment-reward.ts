import { Problem } from '../../contract/problem.ts';
import type { RewardOf } from '../../contract/reward.ts';
import { Template } from '../../contract/template.ts';
import { Classifier } from './classifier.ts';
import type { Reward, RewardedText } from './reward.ts';

/** How natural language inference data sets call it; never "not_entailment" or "non-entailment". */
const ENTAILMENT = /^entail(s|ed|ment)?$/i;

/**
 * How likely it is that the source entails the completion: a summary that says what its source does not say is worth
 * little (Roit et al. 2023, the paper's reward for RLAIF).
 */
export async function entailmentReward({ model, label, premise, hypothesis }: RewardOf<'entailment'>, threads: number): Promise<Reward> {
  const [first, second] = [new Template(premise), new Template(hypothesis)];
  const classifier = await Classifier.open(model, threads);
  const at = classifier.labels.findIndex((name) => (label === undefined ? ENTAILMENT.test(name) : name === label));
  if (at < 0) {
    await classifier.release();
    throw new Problem(
      label === undefined ? `No label of ${model} says that it means entailment.` : `${model} has no label ${JSON.stringify(label)}.`,
      { hint: `Its labels are ${classifier.labels.join(', ')}: name one in method.reward.label.` });
  }
  return {
    range: [0, 1],
    score: (texts) => classifier.probabilities(texts.map((text) => [fill(first, text), fill(second, text)]), at),
    release: () => classifier.release(),
  };
}

/** The texts' own names go before columns of the same name. */
function fill(template: Template, { row, prompt, completion, reference }: RewardedText): string {
  return template.render({ ...row, prompt, completion, ...(reference !== null && { reference }) }, 'method.reward');
}
