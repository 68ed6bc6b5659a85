import { TextPlan } from '../../decode/text-writer.ts';
import type { Choice } from '../../decode/decode-graph.ts';
import { MixedRollouts } from '../../distill/mixed-rollouts.ts';
import { RewardBaseline, type BaselineState } from '../../distill/reward-baseline.ts';
import { RewardedRollouts, type Score } from '../../distill/rewarded-rollouts.ts';
import { makeReward } from '../../distill/rewards/make-reward.ts';
import type { Reward } from '../../distill/rewards/reward.ts';
import { RolloutWriter } from '../../distill/rollout.ts';
import type { Learner } from '../../distill/learner.ts';
import type { TrainerParts } from '../../distill/trainer.ts';
import { executorFor } from '../../model/load-model.ts';
import { threads } from '../../runtime/threads.ts';
import type { RunExample } from './run-example.ts';
import type { PreparedRun } from './look/prepare.ts';
import type { RunTeacher } from './teacher/run-teacher.ts';

/** What writes the student's own texts in a run, and what it keeps between steps. */
export interface BuiltRollouts {
  writer: TrainerParts<RunExample>['rollouts'];
  baseline: RewardBaseline | null;
  release(): Promise<void>;
}

/** @param baseline  where a run with rewards goes on from */
export async function buildRollouts(
  run: PreparedRun, student: Learner, teacher: RunTeacher | null, baseline: BaselineState | null,
): Promise<BuiltRollouts> {
  const { recipe, method, sharedVocabulary: vocabulary, eos } = run;
  const maxLength = recipe.data.maxPromptTokens + recipe.data.maxCompletionTokens;
  const settings = { seed: recipe.seed, maxNewTokens: recipe.data.maxCompletionTokens, eos };
  const { home } = student;
  const plan = (choice: Choice): TextPlan => new TextPlan(home.executor, student.decoder, { ...student.weights, ...home.own }, { vocabulary, maxLength, choice, changing: student.changing });
  if (method.lambda === 0) return { writer: null, baseline: null, release: () => Promise.resolve() };
  if (method.preset === 'minillm') {
    const { decoder, weights } = await teacher!.model();
    const voice = new TextPlan(executorFor(recipe.teacher!.device), decoder, weights, { vocabulary, maxLength, choice: 'logits' });
    const writer = new MixedRollouts(executorFor('cpu'), plan('logits'), voice, { ...settings, ...method, vocabulary });
    return { writer, baseline: null, release: () => writer.release() };
  }
  const writer = new RolloutWriter(plan('sample'), { ...settings, temperature: method.samplingTemperature });
  if (!method.reward) return { writer, baseline: null, release: () => writer.release() };
  const reward = await makeReward(method.reward, threads());
  const kept = new RewardBaseline(baseline ?? undefined);
  return { writer: new RewardedRollouts(writer, scoreOf(run, reward), kept, method), baseline: kept, release: () => Promise.all([writer.release(), reward.release()]).then(() => undefined) };
}

/** Values tokens as the texts they are. */
function scoreOf({ student: { tokenizer } }: PreparedRun, reward: Reward): Score<RunExample> {
  return (texts) => reward.score(texts.map(({ example: { promptText, completionText, row }, tokens }) => (
    { prompt: promptText, completion: tokenizer.decode([...tokens], { skipSpecial: true }), reference: completionText, row })));
}
