import type { RewardBaseline } from './reward-baseline.ts';
import type { Ask, RolloutWriter, Written } from './rollout.ts';

export interface RewardSettings {
  /** What the divergence counts against the reward: alpha of Eq. 5. */
  alpha: number;
  /** Texts for each prompt, which come one after the other. */
  samplesPerPrompt: number;
}

/** Values what was written for each example, in order. */
export type Score<Example> = (texts: readonly { example: Example; tokens: Int32Array }[]) => Promise<Float32Array>;

/**
 * The student's own texts with what their rewards teach: the policy gradient of (1 - alpha) E r(y), the first part of
 * Eq. 5 of GKD (arXiv 2306.13649), by REINFORCE. The whole text has earned its reward, so each of its tokens has the
 * same advantage, whatever the reduction of the divergence.
 */
export class RewardedRollouts<Example extends Ask> {
  private readonly rollouts: Pick<RolloutWriter, 'write'>;
  private readonly score: Score<Example>;
  private readonly baseline: RewardBaseline;
  private readonly settings: RewardSettings;

  constructor(rollouts: Pick<RolloutWriter, 'write'>, score: Score<Example>, baseline: RewardBaseline, settings: RewardSettings) {
    this.rollouts = rollouts;
    this.score = score;
    this.baseline = baseline;
    this.settings = settings;
  }

  async write(asked: readonly Example[], step: number): Promise<Written[]> {
    const { alpha, samplesPerPrompt } = this.settings;
    const written = await this.rollouts.write(asked, step);
    const rewards = await this.score(written.map(({ tokens }, at) => ({ example: asked[at]!, tokens })));
    const advantages = this.baseline.advantages(rewards, samplesPerPrompt);
    return written.map((text, at) => ({
      ...text, reward: rewards[at]!,
      advantages: new Float32Array(text.tokens.length).fill(((1 - alpha) * advantages[at]!) / written.length),
    }));
  }
}
