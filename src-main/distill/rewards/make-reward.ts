import type { RewardSettings } from '../../contract/reward.ts';
import { commandReward } from './command-reward.ts';
import { entailmentReward } from './entailment-reward.ts';
import { httpReward } from './http-reward.ts';
import type { Reward } from './reward.ts';
import { exactReward, numericReward, regexReward, rougeReward } from './text-rewards.ts';

/**
 * The reward that a recipe names, ready to score; to be released at the end.
 * @param settings  with absolute paths
 * @param threads   for a model of its own; 0 leaves it to ONNX Runtime
 * @throws Problem where a model or a program cannot be opened
 */
export async function makeReward(settings: RewardSettings, threads: number): Promise<Reward> {
  switch (settings.kind) {
    case 'exact': return exactReward();
    case 'numeric': return numericReward(settings);
    case 'regex': return regexReward(settings);
    case 'rouge': return rougeReward(settings);
    case 'entailment': return entailmentReward(settings, threads);
    case 'command': return commandReward(settings);
    case 'http': return httpReward(settings);
  }
}
