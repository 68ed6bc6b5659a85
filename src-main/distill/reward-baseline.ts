/** What a baseline remembers between steps: a mean of earlier rewards, and how much it rests on. */
export interface BaselineState { mean: number; weight: number }

/** Share of what is remembered that is left after a step: about the last twenty steps count. */
const DECAY = 0.95;

/**
 * The value that REINFORCE takes off each reward, so that a text counts by how much better it is than expected. It never
 * depends on the text itself, which keeps the gradient unbiased.
 *
 * Several texts for a prompt: the mean of the others' rewards (leave-one-out, Kool et al. 2019). One text for a prompt:
 * a mean of the rewards of earlier steps; at the first step the mean of the batch's others.
 */
export class RewardBaseline {
  private memory: BaselineState;

  constructor(memory: BaselineState = { mean: 0, weight: 0 }) {
    this.memory = memory;
  }

  get state(): BaselineState {
    return this.memory;
  }

  /** How much better each text is than expected, and takes note. @param samples  texts for each prompt, which lie one after the other */
  advantages(rewards: Float32Array, samples: number): Float32Array {
    const { mean, weight } = this.memory;
    const expected = samples === 1 && weight > 0
      ? new Float32Array(rewards.length).fill(mean)
      : othersMean(rewards, samples > 1 ? samples : rewards.length);
    const kept = DECAY * weight;
    this.memory = { mean: (kept * mean + (1 - DECAY) * meanOf(rewards)) / (kept + 1 - DECAY), weight: kept + 1 - DECAY };
    return rewards.map((reward, at) => reward - expected[at]!);
  }
}

/** For each value the mean of the others of its group; 0 where there are none. */
export function othersMean(values: Float32Array, group: number): Float32Array {
  if (group === 1) return new Float32Array(values.length);
  return values.map((value, at) => {
    const start = at - (at % group);
    const members = values.subarray(start, start + group);
    return (meanOf(members) * members.length - value) / (members.length - 1);
  });
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
