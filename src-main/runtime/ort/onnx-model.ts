import { InferenceSession, Tensor } from 'onnxruntime-node';
import { runtimeFailure } from './failure.ts';
import { openFailure } from './onnx-failure.ts';

/** An ONNX model that another program made, run on the CPU. Data beside the file is found by its name. */
export class OnnxModel {
  private readonly session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.session = session;
  }

  /** @param threads  0 leaves it to ONNX Runtime. @throws Problem where the file is no model that runs here */
  static async open(path: string, threads: number): Promise<OnnxModel> {
    const made = InferenceSession.create(path, { executionProviders: ['cpu'], intraOpNumThreads: threads, logSeverityLevel: 4 });
    return new OnnxModel(await made.catch((cause: unknown) => { throw openFailure(path, cause); }));
  }

  get inputs(): readonly string[] {
    return this.session.inputNames;
  }

  get outputs(): readonly string[] {
    return this.session.outputNames;
  }

  /** Integers [rows, width] in, one output of floats out, in row-major order. */
  async run(inputs: Readonly<Record<string, BigInt64Array>>, shape: readonly [number, number], output: string): Promise<Float32Array> {
    const feeds = Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, new Tensor('int64', data, shape)]));
    const results = await this.session.run(feeds, [output]).catch((cause: unknown) => { throw runtimeFailure('run', cause); });
    return results[output]!.data as Float32Array;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}
