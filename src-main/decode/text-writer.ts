import type { Decoder, Encoder } from '../nn/decoder.ts';
import type { Executor } from '../runtime/program.ts';
import { hostWeights, type PlacedWeights } from '../runtime/weights.ts';
import type { Hypothesis } from './beam-search.ts';
import { DevicePlan } from './device/device-plan.ts';
import type { Engine, EnginePlan, TextWriterSettings } from './engine.ts';
import type { Completion, GenerateOptions, Prompt } from './writing.ts';
import { HostPlan } from './host-plan.ts';
import { inBatches } from './in-batches.ts';
import { cacheBytes } from './kv-cache.ts';
import type { BeamSampling } from './sampling.ts';

/** Bytes that the caches of one batch may take; more prompts than fit are written one batch after the other. */
const CACHE_BUDGET = 2 ** 28;

/** How many texts share a batch. @param maxLength  the longest prompt and completion together */
export function textsAtOnce(decoder: Decoder, maxLength: number): number {
  return Math.max(1, Math.floor(CACHE_BUDGET / cacheBytes(decoder, maxLength)));
}

/**
 * Everything about writing text with a model but its weights' values: made once, opened whenever they have changed. Where
 * `changing` names those that do, what is opened stays right whatever becomes of them. A model writes where its executor
 * has its memory.
 */
export class TextPlan {
  private readonly plan: EnginePlan;
  private readonly decoder: Decoder;
  private readonly atOnce: number;

  /** @throws Problem where the executor's device is not there */
  constructor(executor: Executor, decoder: Decoder, weights: PlacedWeights, settings: TextWriterSettings) {
    const { memory } = executor;
    this.plan = memory ? new DevicePlan(executor, memory, decoder, weights, settings) : new HostPlan(executor, decoder, hostWeights(weights), settings);
    this.decoder = decoder;
    this.atOnce = textsAtOnce(decoder, settings.maxLength);
  }

  /** Whether a writer is right, and worth its memory, for as long as the model is trained. */
  get isLasting(): boolean {
    return this.plan.isLasting;
  }

  /** Takes the weights as they are now. */
  async open(): Promise<TextWriter> {
    return new TextWriter(await this.plan.open(), this.decoder, this.atOnce);
  }
}

/** Continues prompts with a model as it was when the plan was opened. */
export class TextWriter {
  readonly engine: Engine;
  readonly decoder: Decoder;
  /** How many texts share a batch. */
  readonly atOnce: number;

  constructor(engine: Engine, decoder: Decoder, atOnce: number) {
    this.engine = engine;
    this.decoder = decoder;
    this.atOnce = atOnce;
  }

  /** One completion a prompt, in order. `onDone` tells how many are written. */
  async write(prompts: readonly Prompt[], options: GenerateOptions, onDone?: (count: number) => void): Promise<Completion[]> {
    const { sampling } = options;
    if (sampling.strategy !== 'beam') {
      return inBatches(prompts, this.batches(1), (part, places) => this.engine.generate(part, {
        ...options, sampling, ...(options.onToken && { onToken: (at, token) => options.onToken!(places[at]!, token) }),
      }), onDone);
    }
    const found = await this.writeBeams(prompts, { ...options, sampling }, onDone);
    return found.map(([best], at) => {
      best!.tokens.forEach((token) => options.onToken?.(at, token));
      return { tokens: Int32Array.from(best!.tokens), ended: best!.ended };
    });
  }

  /** The best texts that beam search finds for each prompt, best first. */
  writeBeams(prompts: readonly Prompt[], options: GenerateOptions<BeamSampling>, onDone?: (count: number) => void): Promise<Hypothesis[][]> {
    return inBatches(prompts, this.batches(options.sampling.beams), (part) => this.engine.generateBeams(part, options), onDone);
  }

  /** @param rows  texts that each prompt puts into a batch */
  private batches(rows: number): { atOnce: number; encoder: Encoder | null } {
    return { atOnce: this.atOnce / rows, encoder: this.decoder.encoder };
  }

  release(): Promise<void> {
    return this.engine.release();
  }
}
