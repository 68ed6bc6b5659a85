import { uniform } from '../contract/random.ts';
import { decodeGraph } from '../decode/decode-graph.ts';
import { generate, type Completion } from '../decode/generate.ts';
import { cacheBytes } from '../decode/kv-cache.ts';
import type { OnnxGraph } from '../graph/onnx/write.ts';
import type { Decoder } from '../nn/decoder.ts';
import type { Executor, ProgramOptions } from '../runtime/program.ts';
import { asInitializers, type Weights } from '../runtime/weights.ts';

export interface RolloutSettings {
  seed: number;
  temperature: number;
  maxNewTokens: number;
  /** The longest prompt and completion together. */
  maxLength: number;
  /** Ids below this may be written. */
  vocabulary: number;
  eos: ReadonlySet<number>;
  /** Bytes that the cache of one batch may take; larger batches are written in parts. */
  cacheBudget: number;
}

/**
 * Writes the student's own completions, sampled from its distribution as it is now.
 *
 * A session is made for each update: its weights are constants, which ONNX Runtime prepacks, and making it costs
 * less than a few tokens of decoding with unpacked weights. The random numbers belong to seed, step and example, so
 * neither the batch nor a resume changes a word.
 */
export class RolloutWriter {
  private readonly executor: Executor;
  private readonly decoder: Decoder;
  private readonly settings: RolloutSettings;
  private readonly graph: OnnxGraph;
  private readonly options: ProgramOptions;

  /** @param weights  views of the student's weights, read anew at every rollout */
  constructor(executor: Executor, decoder: Decoder, weights: Weights, settings: RolloutSettings) {
    const { placement, externalData } = asInitializers(weights);
    const { vocabulary, maxLength } = settings;
    this.executor = executor;
    this.decoder = decoder;
    this.settings = settings;
    this.graph = decodeGraph(decoder, { choice: 'sample', vocabulary, maxLength }, placement);
    this.options = { externalData, optimize: 'basic' };
  }

  /** One completion a prompt, in order. */
  async write(prompts: readonly { index: number; prompt: Int32Array }[], step: number): Promise<Completion[]> {
    const { seed, temperature, maxNewTokens, maxLength, eos, cacheBudget } = this.settings;
    const program = await this.executor.compile(this.graph, this.options);
    try {
      const atOnce = Math.max(1, Math.floor(cacheBudget / cacheBytes(this.decoder, maxLength)));
      const completions: Completion[] = [];
      for (let start = 0; start < prompts.length; start += atOnce) {
        const part = prompts.slice(start, start + atOnce).map(({ index, prompt }) => ({ id: index, tokens: prompt }));
        completions.push(...await generate(program, this.decoder, part, {
          maxNewTokens, eos,
          sampling: {
            strategy: 'sample', temperature,
            uniform: (example, index) => uniform(seed, { purpose: 'rollout', step, example, index }),
          },
        }));
      }
      return completions;
    } finally {
      await program.release();
    }
  }
}
