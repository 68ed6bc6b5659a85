import { uniform } from '../contract/random.ts';
import type { Completion } from '../decode/writing.ts';
import { LastingWriter } from '../decode/lasting-writer.ts';
import type { TextPlan } from '../decode/text-writer.ts';

export interface RolloutSettings {
  seed: number;
  temperature: number;
  maxNewTokens: number;
  eos: ReadonlySet<number>;
}

/** A prompt that the student shall continue. */
export interface Ask {
  /** Of its example in the training data. */
  index: number;
  /** Which of several texts for the same prompt this is, from 0. */
  sample?: number;
  prompt: Int32Array;
}

/** What the student wrote, and what it was worth where that counts. */
export interface Written extends Completion {
  advantages?: Float32Array;
  reward?: number;
}

/**
 * Writes the student's own completions, sampled from its distribution as it is now.
 *
 * A session is made for each update: its weights are constants, which ONNX Runtime prepacks, and making it costs
 * less than a few tokens of decoding with unpacked weights. Where adapters alone change, one lasts. The random numbers belong to seed, step, example and
 * sample, so neither the batch nor a resume changes a word.
 */
export class RolloutWriter {
  private readonly writer: LastingWriter;
  private readonly settings: RolloutSettings;

  /** @param plan  of the student, whose strategy is to sample */
  constructor(plan: TextPlan, settings: RolloutSettings) {
    this.writer = new LastingWriter(plan);
    this.settings = settings;
  }

  /** One completion a prompt, in order. */
  async write(asked: readonly Ask[], step: number): Promise<Written[]> {
    const { temperature, maxNewTokens, eos } = this.settings;
    return this.writer.use((writer) => writer.write(asked.map(({ prompt }, id) => ({ id, tokens: prompt })), {
      maxNewTokens, eos,
      sampling: {
        strategy: 'sample', temperature,
        uniform: (id, index) => rolloutUniform(this.settings, asked[id]!, step, index),
      },
    }));
  }

  release(): Promise<void> {
    return this.writer.release();
  }
}

/** The number in [0, 1) that decides a token of a rollout. @param index  the token's place in the completion */
export function rolloutUniform({ seed, maxNewTokens }: Pick<RolloutSettings, 'seed' | 'maxNewTokens'>, { index: example, sample = 0 }: Ask, step: number, index: number): number {
  return uniform(seed, { purpose: 'rollout', step, example, index: sample * maxNewTokens + index });
}
