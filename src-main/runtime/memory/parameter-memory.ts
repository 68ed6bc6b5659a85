import { Problem } from '../../contract/problem.ts';
import { layOut, PAGE, type ParameterBlock, type Placement } from './layout.ts';

/** Name of the region that holds a parameter's weights. */
export const WEIGHTS = 'weights';

/**
 * Tensors, nearly all of float32, in WebAssembly memories: ONNX Runtime reads and writes their views without a copy, and kernels
 * work on them in place. The size is fixed from the start, since growing a memory would detach every view.
 */
export class ParameterMemory {
  readonly memories: readonly WebAssembly.Memory[];
  /** Size of all memories. The system gives pages out on first touch, so untouched ones cost nothing yet. */
  readonly bytes: number;
  private readonly placements: ReadonlyMap<string, ReadonlyMap<string, Placement>>;

  /** Throws a `Problem` where a parameter is too large or the system has no such memory. Everything starts at zero. */
  constructor(blocks: readonly ParameterBlock[], memoryLimit?: number) {
    const layout = layOut(blocks, memoryLimit);
    this.placements = layout.placements;
    this.bytes = layout.memoryBytes.reduce((sum, bytes) => sum + bytes, 0);
    this.memories = layout.memoryBytes.map((bytes) => this.reserve(bytes));
  }

  place(parameter: string, region: string): Placement {
    const placement = this.placements.get(parameter)?.get(region);
    if (!placement) throw new Error(`no ${region} of ${parameter} in memory`);
    return placement;
  }

  /** The region's elements, row-major in its shape; the same bytes at every call. */
  view(parameter: string, region: string): Float32Array<ArrayBuffer> {
    const { memory, offset, length } = this.place(parameter, region);
    return new Float32Array(this.memories[memory]!.buffer, offset, length);
  }

  /** The same of a region of bfloat16, as their bits. */
  halves(parameter: string, region: string): Uint16Array<ArrayBuffer> {
    const { memory, offset, length } = this.place(parameter, region);
    return new Uint16Array(this.memories[memory]!.buffer, offset, length);
  }

  private reserve(bytes: number): WebAssembly.Memory {
    try {
      return new WebAssembly.Memory({ initial: bytes / PAGE, maximum: bytes / PAGE });
    } catch (cause) {
      throw new Problem(`not enough memory: the model's parameters need ${(this.bytes / 2 ** 30).toFixed(1)} GiB`, {
        kind: 'failure',
        hint: 'Close other programs or choose a smaller model.',
        cause,
      });
    }
  }
}
