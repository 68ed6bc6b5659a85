import type { OnnxGraph } from '../graph/onnx/write.ts';
import type { Decoder } from '../nn/decoder.ts';
import type { Executor, Program, ProgramOptions } from '../runtime/program.ts';
import { bytesOf } from '../runtime/tensor.ts';
import { asInitializers, asInputs, type Weights } from '../runtime/weights.ts';
import { decodeGraph } from './decode-graph.ts';
import { HostEngine } from './host-engine.ts';
import { packWeights, withPacked, type Packs } from './pack-weights.ts';
import { sourceGraph } from './source.ts';
import type { EnginePlan, TextWriterSettings } from './engine.ts';

/** Bytes of unchanging weights up to which a writer is kept between uses: the room of a larger packed copy is worth packing it anew, a second or so. */
const KEPT = 2 ** 28;

/** Writing on the host: weights as constants of a session are prepacked, which makes every token cheaper. */
export class HostPlan implements EnginePlan {
  readonly isLasting: boolean;
  private readonly executor: Executor;
  private readonly decoder: Decoder;
  private readonly graph: OnnxGraph;
  private readonly source: OnnxGraph | null;
  private readonly options: ProgramOptions;
  private readonly weights: Weights;
  private readonly packs: Packs;

  constructor(executor: Executor, decoder: Decoder, weights: Weights, { vocabulary, maxLength, choice, changing }: TextWriterSettings) {
    const { placement, initializers } = asInitializers(weights, new Set([...changing ?? [], ...unpacked(weights)]));
    const constant = executor.readsStored ? decoder.constant : undefined;
    this.packs = constant?.packs ?? new Map();
    this.weights = weights;
    this.executor = executor;
    this.decoder = decoder;
    const written = constant?.decoder ?? decoder;
    const place = withPacked(placement, this.packs);
    this.graph = decodeGraph(written, { choice, vocabulary, maxLength }, place, executor);
    this.source = written.encoder && sourceGraph(written, place, executor.dialect);
    this.options = { initializers, optimize: 'basic' };
    const constants = this.graph.parameters.flatMap(({ name }) => initializers[name] ?? []);
    this.isLasting = changing !== undefined && constants.reduce((sum, tensor) => sum + bytesOf(tensor), 0) <= KEPT;
  }

  async open(): Promise<HostEngine> {
    const packed = await packWeights(this.executor, this.packs, this.weights);
    return new HostEngine({ decode: await this.ready(this.graph, packed), source: this.source && await this.ready(this.source, packed) }, this.decoder);
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
