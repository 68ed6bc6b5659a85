import { isOnDevice, type DeviceMemory, type DeviceTensor } from './device-memory.ts';
import { hostTensor, type StoredTensor } from '../tensor.ts';
import type { PlacedWeights } from '../weights.ts';

interface Brought { tensor: DeviceTensor; holders: number }

/** Of each device's memory, what of the host's is there: a teacher and a student may read the same weights. */
const everything = new WeakMap<DeviceMemory, Map<StoredTensor, Brought>>();

/** Tensors that do not change, brought to a device once for all who hold them. */
export class OnDevice {
  private readonly memory: DeviceMemory;
  private readonly all: Map<StoredTensor, Brought>;
  private readonly held = new Map<StoredTensor, DeviceTensor>();

  constructor(memory: DeviceMemory) {
    this.memory = memory;
    this.all = everything.get(memory) ?? new Map<StoredTensor, Brought>();
    everything.set(memory, this.all);
  }

  /** The same at every call with the same tensor. */
  bring(tensor: StoredTensor): DeviceTensor {
    const own = this.held.get(tensor);
    if (own) return own;
    const brought = this.all.get(tensor) ?? { tensor: this.copied(tensor), holders: 0 };
    brought.holders += 1;
    this.all.set(tensor, brought);
    this.held.set(tensor, brought.tensor);
    return brought.tensor;
  }

  /** By name, those that a graph reads; what lies on a device already is its owner's. */
  bringAll(weights: PlacedWeights, parameters: readonly { name: string }[]): Record<string, DeviceTensor> {
    return Object.fromEntries(parameters.flatMap(({ name }) => {
      const tensor = weights[name];
      return tensor ? [[name, isOnDevice<StoredTensor>(tensor) ? tensor : this.bring(tensor)] as const] : [];
    }));
  }

  release(): void {
    for (const tensor of this.held.keys()) {
      const brought = this.all.get(tensor)!;
      brought.holders -= 1;
      if (brought.holders > 0) continue;
      this.all.delete(tensor);
      this.memory.release(brought.tensor);
    }
    this.held.clear();
  }

  private copied(tensor: StoredTensor): DeviceTensor {
    const { dtype, shape, data } = hostTensor(tensor);
    const made = this.memory.make(dtype, shape);
    try {
      this.memory.write(made, data);
      return made;
    } catch (error) {
      this.memory.release(made);
      throw error;
    }
  }
}
