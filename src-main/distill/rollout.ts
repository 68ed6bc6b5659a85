import { uniform } from '../contract/random.ts';
import type { Completion } from '../decode/generate.ts';
import type { TextPlan } from '../decode/text-writer.ts';

export interface RolloutSettings {
  seed: number;
  temperature: number;
  maxNewTokens: number;
  eos: ReadonlySet<number>;
}

/**
 * Writes the student's own completions, sampled from its distribution as it is now.
 *
 * A session is made for each update: its weights are constants, which ONNX Runtime prepacks, and making it costs
 * less than a few tokens of decoding with unpacked weights. The random numbers belong to seed, step and example, so
 * neither the batch nor a resume changes a word.
 */
export class RolloutWriter {
  private readonly plan: TextPlan;
  private readonly settings: RolloutSettings;

  /** @param plan  of the student, whose strategy is to sample */
  constructor(plan: TextPlan, settings: RolloutSettings) {
    this.plan = plan;
    this.settings = settings;
  }

  /** One completion a prompt, in order. */
  async write(prompts: readonly { index: number; prompt: Int32Array }[], step: number): Promise<Completion[]> {
    const { seed, temperature, maxNewTokens, eos } = this.settings;
    const writer = await this.plan.open();
    try {
      return await writer.write(prompts.map(({ index, prompt }) => ({ id: index, tokens: prompt })), {
        maxNewTokens, eos,
        sampling: {
          strategy: 'sample', temperature,
          uniform: (example, index) => uniform(seed, { purpose: 'rollout', step, example, index }),
        },
      });
    } finally {
      await writer.release();
    }
  }
}
