import type { OnnxGraph } from '../graph/onnx/write.ts';
import type { Decoder } from '../nn/decoder.ts';
import { inMoves } from '../runtime/in-moves.ts';
import type { Executor, Program, ProgramOptions } from '../runtime/program.ts';
import { bytesOf } from '../runtime/tensor.ts';
import { asInitializers, asInputs, type Weights } from '../runtime/weights.ts';
import { decodeGraph } from './decode-graph.ts';
import { HostEngine } from './host-engine.ts';
import { packedSizes, packWeights, withPacked, type Packs } from './pack-weights.ts';
import { sourceGraph } from './source.ts';
import type { EnginePlan, TextWriterSettings } from './engine.ts';
import { isWorthKeeping } from './worth-keeping.ts';

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
  private readonly takesTurns: boolean;

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
    const sizes = packedSizes(this.packs);
    const constants = this.graph.parameters.reduce((sum, { name }) => sum + (initializers[name] ? bytesOf(initializers[name]) : sizes.get(name) ?? 0), 0);
    this.isLasting = changing !== undefined && isWorthKeeping(constants);
    // Frozen weights that are packed have other shapes than what comes before and after, which would not share memory with them.
    this.takesTurns = !isWorthKeeping(constants) && (changing !== undefined || this.packs.size > 0);
    this.options = { initializers, optimize: 'basic' };
  }

  async open(): Promise<HostEngine> {
    if (this.takesTurns) this.executor.giveBack();
    return inMoves(async (keep) => {
      const packed = keep(await packWeights(this.executor, this.packs, this.weights));
      const programs = { decode: keep(await this.ready(this.graph, packed.weights)), source: this.source && await this.ready(this.source, packed.weights) };
      return new HostEngine(programs, this.decoder, () => {
        packed.release();
        if (this.takesTurns) this.executor.giveBack();
      });
    });
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
