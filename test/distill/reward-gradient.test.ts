import { describe, expect, it } from 'vitest';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { othersMean, RewardBaseline, type BaselineState } from '../../src-main/distill/reward-baseline.ts';
import { RewardedRollouts } from '../../src-main/distill/rewarded-rollouts.ts';
import { RolloutWriter } from '../../src-main/distill/rollout.ts';
import { EOS, expectation, LENGTH, logprob, meanAndError, PROMPT, STEP, ToyPolicy, VOCABULARY, type ToyText } from '../support/toy-policy.ts';

const toy = new ToyPolicy({ divergence: 'reverse_kl', beta: 0.5, normalizeBeta: false, lossTemperature: 1 });
const rollouts = new RolloutWriter(
  new TextPlan(toy.executor, toy.decoder, toy.student.weights, { vocabulary: VOCABULARY, maxLength: PROMPT.length + LENGTH, choice: 'sample' }),
  { seed: 3, temperature: 1, maxNewTokens: LENGTH, eos: EOS });

/** A reward that neither model knows of, far from zero. */
const rewardOf = (tokens: ArrayLike<number>): number => 3 + (tokens[0] === 2 ? 1 : 0) - (tokens.length === 2 ? 2 : 0);
const asked = (count: number, samples: number) => Array.from({ length: count }, (_, at) => ({ index: Math.floor(at / samples), sample: at % samples, prompt: PROMPT }));

/** Estimates of `steps` batches along each direction. */
async function estimates(alpha: number, samplesPerPrompt: number, steps: number): Promise<number[][]> {
  const score = async (texts: readonly { tokens: Int32Array }[]): Promise<Float32Array> => Float32Array.from(texts, ({ tokens }) => rewardOf(tokens));
  const rewarded = new RewardedRollouts(rollouts, score, new RewardBaseline(), { alpha, samplesPerPrompt });
  const found: number[][] = [];
  for (let step = 1; step <= steps; step++) {
    found.push(await toy.estimate(await rewarded.write(asked(128, samplesPerPrompt), step), toy.directions(), { share: alpha, reduction: 'sequence' }));
  }
  return found;
}

describe('the gradient of reward and divergence (Eq. 5)', () => {
  it.each([[0, 1], [0, 4], [0.6, 4]])('with alpha %d and %d texts a prompt is that of all texts, each weighed by its probability', async (alpha, samples) => {
    const found = await estimates(alpha, samples, 120);
    const directions = toy.directions();
    const texts = await toy.texts();
    for (const [at, direction] of directions.entries()) {
      const earned = await toy.slope(direction, (all) => expectation(all, ({ tokens }) => rewardOf(tokens)));
      // The divergence of texts as they are: nothing flows through the sampling.
      const [ahead, behind] = await toy.around(direction);
      const between = (all: readonly ToyText[]): number => texts.reduce((sum, text, place) => sum + Math.exp(logprob(text)) * meanReverseKl(all[place]!), 0);
      const apart = (between(ahead) - between(behind)) / (2 * STEP);
      const exact = alpha * apart - (1 - alpha) * earned;
      const { mean, error } = meanAndError(found.map((slopes) => slopes[at]!));
      expect(Math.abs(mean - exact)).toBeLessThan(4 * error + 1e-3 * Math.abs(exact));
    }
  });
});

/** Mean over a text's positions. */
function meanReverseKl({ at }: ToyText): number {
  return at.reduce((sum, { student, teacher }) => sum + student.reduce((kl, q, token) => kl + Math.exp(q) * (q - teacher[token]!), 0), 0) / at.length;
}

describe('the baseline', () => {
  it('of a text never knows the text\'s own reward', () => {
    expect([...othersMean(Float32Array.of(1, 2, 6, 10, 20, 60), 3)]).toEqual([4, 3.5, 1.5, 40, 35, 15]);
    const [first, again] = [new RewardBaseline({ mean: 2, weight: 1 }), new RewardBaseline({ mean: 2, weight: 1 })];
    expect([...first.advantages(Float32Array.of(5, 1), 1)]).toEqual([3, -1]);
    expect([...again.advantages(Float32Array.of(9, 1), 1)][1]).toBe(-1);
  });

  it('compares the texts of one prompt with one another', () => {
    expect([...new RewardBaseline({ mean: 100, weight: 1 }).advantages(Float32Array.of(1, 3, 10, 10), 2)]).toEqual([-2, 2, 0, 0]);
  });

  it('starts from the batch\'s others, follows the rewards, and goes on from its state', () => {
    const baseline = new RewardBaseline();
    expect([...baseline.advantages(Float32Array.of(1, 2, 3), 1)]).toEqual([-1.5, 0, 1.5]);
    expect(baseline.state.mean).toBeCloseTo(2, 6);
    for (let step = 0; step < 100; step++) baseline.advantages(Float32Array.of(7, 9), 1);
    expect(baseline.state.mean).toBeCloseTo(8, 1);
    const resumed = new RewardBaseline(JSON.parse(JSON.stringify(baseline.state)) as BaselineState);
    const next = Float32Array.of(3, 4, 5);
    expect(resumed.advantages(next, 1)).toEqual(baseline.advantages(next, 1));
    expect(resumed.state).toEqual(baseline.state);
  });

  it('takes nothing off the only text there is', () => {
    expect([...new RewardBaseline().advantages(Float32Array.of(4), 1)]).toEqual([4]);
  });
});
