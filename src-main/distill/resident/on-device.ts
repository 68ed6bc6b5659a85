import type { DeviceMemory, DeviceTensor } from '../../runtime/device/device-memory.ts';
import { hostTensor, type StoredTensor } from '../../runtime/tensor.ts';

/** Tensors that do not change, brought to a device once. */
export class OnDevice {
  private readonly memory: DeviceMemory;
  private readonly brought = new Map<StoredTensor, DeviceTensor>();

  constructor(memory: DeviceMemory) {
    this.memory = memory;
  }

  /** The same at every call with the same tensor. */
  bring(tensor: StoredTensor): DeviceTensor {
    const known = this.brought.get(tensor);
    if (known) return known;
    const { dtype, shape, data } = hostTensor(tensor);
    const made = this.memory.make(dtype, shape);
    this.brought.set(tensor, made);
    this.memory.write(made, data);
    return made;
  }

  release(): void {
    for (const tensor of this.brought.values()) this.memory.release(tensor);
    this.brought.clear();
  }
}
