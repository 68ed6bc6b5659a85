import type { Decoder } from '../nn/decoder.ts';
import type { Executor, Program } from '../runtime/program.ts';
import { ProgramCache } from '../runtime/program-cache.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { asInitializers, asInputs, type Weights } from '../runtime/weights.ts';
import { modelInputs, type MicroBatch } from './batch.ts';
import { bucketKey } from './bucket.ts';
import { hiddenGraph } from './hidden-graph.ts';
import type { Teacher } from './teacher.ts';

/** Programs kept for different shapes; a program holds no weights of its own on the CPU. */
const PROGRAMS = 16;

/**
 * A model that is asked for its distribution at positions of texts and never changed here: a teacher, or a student
 * that is being judged (its weights are views, so it is always the student as it is).
 */
export class FrozenModel implements Teacher {
  readonly executor: Executor;
  readonly decoder: Decoder;
  readonly weights: Weights;
  private readonly programs = new ProgramCache<{ program: Program }>(PROGRAMS);

  constructor(executor: Executor, decoder: Decoder, weights: Weights) {
    this.executor = executor;
    this.decoder = decoder;
    this.weights = weights;
  }

  /** Last hidden states at the learned positions, [positions, width]. */
  async hidden(batch: MicroBatch): Promise<Tensor> {
    const { program } = await this.programs.get(bucketKey(batch.bucket), () => this.compile(batch));
    const weights = this.executor.device === 'cpu' ? asInputs(this.weights, program.graph.parameters) : {};
    const { hidden } = await program.run({ ...modelInputs(batch), ...weights });
    return hidden!;
  }

  /** Its weights are its own or somebody else's, and stay. */
  rest(): Promise<void> {
    return Promise.resolve();
  }

  release(): Promise<void> {
    return this.programs.release();
  }

  private async compile({ bucket }: MicroBatch): Promise<{ program: Program }> {
    if (this.executor.device === 'cpu') {
      return { program: await this.executor.compile(hiddenGraph(this.decoder, bucket, { weights: 'inputs' }), { optimize: 'none' }) };
    }
    // Inputs would cross to the device at every run; initializers cross once.
    const { placement, initializers } = asInitializers(this.weights);
    return { program: await this.executor.compile(hiddenGraph(this.decoder, bucket, { weights: placement, dialect: this.executor.dialect }), { optimize: 'all', initializers }) };
  }
}
