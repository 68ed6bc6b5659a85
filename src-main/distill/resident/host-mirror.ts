import type { Rows } from '../../nn/weights/rows.ts';
import type { DeviceTensor } from '../../runtime/device/device-memory.ts';
import { ParameterMemory, WEIGHTS } from '../../runtime/memory/parameter-memory.ts';
import { float32 } from '../../runtime/tensor.ts';
import type { HostWeights } from '../../runtime/weights.ts';
import { createKernel, type UpdateKernel } from '../optimizers/kernel/kernel.ts';

/**
 * A device's trained weights in memory of the host, for whoever writes or is judged there. The system gives the memory out
 * when it is first written to, so that a mirror that nobody reads takes none.
 */
export class HostMirror {
  readonly tensors: readonly Rows[];
  readonly memory: ParameterMemory;
  /** Views, which `refresh` writes to. */
  readonly weights: HostWeights;
  private readonly source: Readonly<Record<string, DeviceTensor>>;
  private readonly kernels = new Map<number, UpdateKernel>();
  private isFresh = false;

  /** @param beside  names of regions as large as a tensor that somebody keeps beside it */
  constructor(tensors: readonly Rows[], source: Readonly<Record<string, DeviceTensor>>, beside: (tensor: Rows) => readonly string[] = () => []) {
    this.tensors = tensors;
    this.source = source;
    this.memory = new ParameterMemory(tensors.map((tensor) => (
      { name: tensor.name, regions: [WEIGHTS, ...beside(tensor)].map((name) => ({ name, shape: tensor.shape })) })));
    this.weights = Object.fromEntries(tensors.map(({ name, shape }) => [name, float32(this.memory.view(name, WEIGHTS), shape)]));
  }

  /** Takes note that the device's weights have changed. */
  changed(): void {
    this.isFresh = false;
  }

  /** Reads every tensor, once between two changes. */
  refresh(): void {
    if (this.isFresh) return;
    for (const { name } of this.tensors) this.read(name, this.memory.view(name, WEIGHTS));
    this.isFresh = true;
  }

  /** One tensor as it is now: of the mirror where that is up to date, and otherwise read for this alone. */
  one(name: string): Float32Array {
    if (this.isFresh) return this.memory.view(name, WEIGHTS);
    const { length } = this.memory.place(name, WEIGHTS);
    return this.read(name, new Float32Array(length));
  }

  /** What works on the memory of a tensor. */
  kernel(tensor: string): UpdateKernel {
    const { memory } = this.memory.place(tensor, WEIGHTS);
    const kernel = this.kernels.get(memory) ?? createKernel(this.memory.memories[memory]!);
    this.kernels.set(memory, kernel);
    return kernel;
  }

  private read(name: string, into: Float32Array): Float32Array {
    const tensor = this.source[name]!;
    tensor.memory.readInto(tensor, into);
    return into;
  }
}
