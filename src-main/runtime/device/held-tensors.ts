import type { DType } from '../../graph/dtype.ts';
import type { DeviceMemory, DeviceTensor } from './device-memory.ts';

/** Tensors of one owner in a device's memory, which go together: also those that were made before there was no room for the next. */
export class HeldTensors {
  readonly memory: DeviceMemory;
  private readonly made: DeviceTensor[] = [];

  constructor(memory: DeviceMemory) {
    this.memory = memory;
  }

  /** A tensor of zeros. @throws Problem where the device has no room */
  make(dtype: DType, shape: readonly number[]): DeviceTensor {
    const tensor = this.memory.make(dtype, shape);
    this.made.push(tensor);
    return tensor;
  }

  release(): void {
    for (const tensor of this.made.splice(0)) this.memory.release(tensor);
  }
}
