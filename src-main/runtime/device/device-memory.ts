import type { DType } from '../../graph/dtype.ts';
import type { Tensor, TensorData } from '../tensor.ts';

/** A tensor in a device's own memory. It is there until it is released. */
export interface DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly memory: DeviceMemory;
}

/** Bytes that have gone between the host and a device, since the device is used. */
export interface Crossed { toDevice: number; toHost: number }

/** Memory of a device. Whoever makes a tensor releases it. */
export interface DeviceMemory {
  /** Held by tensors now; views take none. */
  readonly bytes: number;
  readonly crossed: Readonly<Crossed>;
  /** A tensor of zeros. @throws Problem where the device has no room */
  make(dtype: DType, shape: readonly number[]): DeviceTensor;
  /** Replaces a tensor's numbers. `data` has as many. */
  write(tensor: DeviceTensor, data: TensorData): void;
  /** A copy in memory of this process. It waits for what computes the tensor. */
  read(tensor: DeviceTensor): Tensor;
  /** The same into memory that is there. */
  readInto(tensor: DeviceTensor, data: TensorData): void;
  /** Replaces the numbers of `to` by those of `from`, which has its shape; nothing crosses the host. */
  copy(from: DeviceTensor, to: DeviceTensor): void;
  /** The first numbers of a tensor in another shape, in the same place. It is released by itself, before the tensor. */
  view(tensor: DeviceTensor, shape: readonly number[]): DeviceTensor;
  release(tensor: DeviceTensor): void;
}

export const isOnDevice = <Host extends object>(tensor: Host | DeviceTensor): tensor is DeviceTensor => 'memory' in tensor;
