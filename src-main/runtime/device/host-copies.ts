import type { StoredTensor, Tensor } from '../tensor.ts';
import { isOnDevice, type DeviceTensor } from './device-memory.ts';

/** For who computes on the host: what lies on a device and does not change, read from there once. */
export class HostCopies {
  private readonly copies = new Map<DeviceTensor, Tensor>();

  /** The same tensors, all of the host. */
  of(tensors: Readonly<Record<string, StoredTensor | DeviceTensor>>): Record<string, StoredTensor> {
    return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, isOnDevice<StoredTensor>(tensor) ? this.copy(tensor) : tensor]));
  }

  private copy(tensor: DeviceTensor): Tensor {
    const copy = this.copies.get(tensor) ?? tensor.memory.read(tensor);
    this.copies.set(tensor, copy);
    return copy;
  }
}
