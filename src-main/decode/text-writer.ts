import type { OnnxGraph } from '../graph/onnx/write.ts';
import type { Decoder, Encoder } from '../nn/decoder.ts';
import type { Executor, Program, ProgramOptions } from '../runtime/program.ts';
import { bytesOf } from '../runtime/tensor.ts';
import { asInitializers, asInputs, type Weights } from '../runtime/weights.ts';
import type { Hypothesis } from './beam-search.ts';
import { decodeGraph, type Choice } from './decode-graph.ts';
import type { DecodePrograms } from './decode-session.ts';
import { generate, type Completion, type GenerateOptions, type Prompt } from './generate.ts';
import { generateBeams } from './generate-beams.ts';
import { inBatches } from './in-batches.ts';
import { packWeights, withPacked, type Packs } from './pack-weights.ts';
import { cacheBytes } from './kv-cache.ts';
import type { Sampling } from './sampling.ts';
import { sourceGraph } from './source.ts';

/** Bytes that the caches of one batch may take; more prompts than fit are written one batch after the other. */
const CACHE_BUDGET = 2 ** 28;

/** How many texts share a batch. @param maxLength  the longest prompt and completion together */
export function textsAtOnce(decoder: Decoder, maxLength: number): number {
  return Math.max(1, Math.floor(CACHE_BUDGET / cacheBytes(decoder, maxLength)));
}

/** Bytes of unchanging weights up to which a writer is kept between uses: the room of a larger packed copy is worth packing it anew, a second or so. */
const KEPT = 2 ** 28;

export interface TextWriterSettings {
  /** Ids below this may be written. */
  vocabulary: number;
  /** The longest prompt and completion together. */
  maxLength: number;
  /** `choiceOf` the sampling that is going to be used. */
  choice: Choice;
  /** Weights that are read at every token as they are then, while all others stay as they are: adapters that are trained. */
  changing?: ReadonlySet<string> | undefined;
}

/**
 * Everything about writing text with a model but its weights' values: made once, opened whenever they have changed. Where
 * `changing` names those that do, what is opened stays right whatever becomes of them.
 */
export class TextPlan {
  /** Whether a writer is right, and worth its memory, for as long as the model is trained. */
  readonly isLasting: boolean;
  private readonly executor: Executor;
  private readonly decoder: Decoder;
  private readonly graph: OnnxGraph;
  private readonly source: OnnxGraph | null;
  private readonly options: ProgramOptions;
  private readonly weights: Weights;
  private readonly packs: Packs;
  private readonly atOnce: number;

  constructor(executor: Executor, decoder: Decoder, weights: Weights, { vocabulary, maxLength, choice, changing }: TextWriterSettings) {
    const { placement, initializers } = asInitializers(weights, new Set([...changing ?? [], ...unpacked(weights)]));
    const constant = executor.readsStored ? decoder.constant : undefined;
    this.packs = constant?.packs ?? new Map();
    this.weights = weights;
    this.executor = executor;
    this.decoder = decoder;
    const written = constant?.decoder ?? decoder;
    const place = withPacked(placement, this.packs);
    this.graph = decodeGraph(written, { choice, vocabulary, maxLength }, place, executor.dialect);
    this.source = written.encoder && sourceGraph(written, place, executor.dialect);
    this.options = { initializers, optimize: 'basic' };
    const constants = this.graph.parameters.flatMap(({ name }) => initializers[name] ?? []);
    this.isLasting = changing !== undefined && constants.reduce((sum, tensor) => sum + bytesOf(tensor), 0) <= KEPT;
    this.atOnce = textsAtOnce(decoder, maxLength);
  }

  /** Takes the weights as they are now: as constants of a session they are prepacked, which makes every token cheaper. */
  async open(): Promise<TextWriter> {
    return new TextWriter(await this.compile(), this.decoder, this.atOnce);
  }

  async compile(): Promise<DecodePrograms> {
    const packed = await packWeights(this.executor, this.packs, this.weights);
    return { decode: await this.ready(this.graph, packed), source: this.source && await this.ready(this.source, packed) };
  }

  private async ready(graph: OnnxGraph, packed: Weights): Promise<Program> {
    const initializers = { ...this.options.initializers, ...packed };
    const program = await this.executor.compile(graph, { ...this.options, initializers });
    const read = asInputs(this.weights, graph.parameters.filter(({ name }) => !initializers[name]));
    if (Object.keys(read).length === 0) return program;
    return {
      graph, run: (inputs, into) => program.run({ ...inputs, ...read }, into),
      bind: (inputs, outputs) => program.bind({ ...inputs, ...read }, outputs), release: () => program.release(),
    };
  }
}

/** Weights that a graph unpacks at every use: a session packs none of them, but would hold a copy of each while it is made. */
function unpacked(weights: Weights): string[] {
  return Object.entries(weights).flatMap(([name, tensor]) => (('mapped' in tensor && tensor.dtype !== 'float32') || tensor.dtype === 'float16' ? [name] : []));
}

/** Continues prompts with a model as it was when the plan was opened. */
export class TextWriter {
  readonly programs: DecodePrograms;
  readonly decoder: Decoder;
  /** How many texts share a batch. */
  readonly atOnce: number;

  constructor(programs: DecodePrograms, decoder: Decoder, atOnce: number) {
    this.programs = programs;
    this.decoder = decoder;
    this.atOnce = atOnce;
  }

  /** One completion a prompt, in order. `onDone` tells how many are written. */
  async write(prompts: readonly Prompt[], options: GenerateOptions, onDone?: (count: number) => void): Promise<Completion[]> {
    const { sampling } = options;
    if (sampling.strategy !== 'beam') return inBatches(prompts, this.batches(1), (part) => generate(this.programs, this.decoder, part, { ...options, sampling }), onDone);
    const found = await this.writeBeams(prompts, { ...options, sampling }, onDone);
    return found.map(([best], at) => {
      best!.tokens.forEach((token) => options.onToken?.(at, token));
      return { tokens: Int32Array.from(best!.tokens), ended: best!.ended };
    });
  }

  /** The best texts that beam search finds for each prompt, best first. */
  writeBeams(
    prompts: readonly Prompt[], options: GenerateOptions<Extract<Sampling, { strategy: 'beam' }>>, onDone?: (count: number) => void,
  ): Promise<Hypothesis[][]> {
    return inBatches(prompts, this.batches(options.sampling.beams), (part) => generateBeams(this.programs, this.decoder, part, options), onDone);
  }

  /** @param rows  texts that each prompt puts into a batch */
  private batches(rows: number): { atOnce: number; encoder: Encoder | null } {
    return { atOnce: this.atOnce / rows, encoder: this.decoder.encoder };
  }

  async release(): Promise<void> {
    await this.programs.decode.release();
    await this.programs.source?.release();
  }
}
