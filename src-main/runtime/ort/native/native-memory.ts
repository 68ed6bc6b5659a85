import type { DType } from '../../../graph/dtype.ts';
import type { DeviceMemory, DeviceTensor } from '../../device/device-memory.ts';
import { bytesFor, requireFit } from '../../device/tensor-bytes.ts';
import { tensorOf, type Tensor, type TensorData } from '../../tensor.ts';
import type { Pointer } from './api.ts';

export interface TensorType { readonly dtype: DType; readonly shape: readonly number[] }

/** A tensor of ONNX Runtime's in some memory, and what frees that. */
export interface Place { readonly value: Pointer; free(): void }

/** How a kind of memory makes room, and how numbers get there. */
export interface Backing {
  /** Room whose numbers may be anything. @throws Problem where there is none */
  make(type: TensorType): Place;
  view(of: Place, type: TensorType): Place;
  upload(data: TensorData, type: TensorType, to: Place): void;
  download(from: Place, type: TensorType, data: TensorData): void;
  copy(from: Place, to: Place): void;
}

class NativeTensor implements DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly memory: NativeMemory;
  /** Bytes that go back with it; 0 of a view. */
  readonly held: number;
  /** Null once released. */
  place: Place | null;

  constructor(memory: NativeMemory, { dtype, shape }: TensorType, place: Place, held: number) {
    this.memory = memory;
    this.dtype = dtype;
    this.shape = shape;
    this.place = place;
    this.held = held;
  }
}

/** Memory that programs of ONNX Runtime read and write in place, with an account of it. */
export class NativeMemory implements DeviceMemory {
  bytes = 0;
  readonly crossed = { toDevice: 0, toHost: 0 };
  private readonly backing: Backing;

  constructor(backing: Backing) {
    this.backing = backing;
  }

  make(dtype: DType, shape: readonly number[]): DeviceTensor {
    const type = { dtype, shape: [...shape] };
    const bytes = bytesFor(type);
    const tensor = new NativeTensor(this, type, this.backing.make(type), bytes);
    this.bytes += bytes;
    return tensor;
  }

  write(tensor: DeviceTensor, data: TensorData): void {
    requireFit(tensor, data);
    this.backing.upload(data, tensor, this.placeOf(tensor));
    this.crossed.toDevice += data.byteLength;
  }

  read(tensor: DeviceTensor): Tensor {
    const { dtype, shape } = tensor;
    const host = tensorOf(dtype, shape, new Uint8Array(bytesFor(tensor)));
    this.readInto(tensor, host.data);
    return host;
  }

  readInto(tensor: DeviceTensor, data: TensorData): void {
    requireFit(tensor, data);
    this.backing.download(this.placeOf(tensor), tensor, data);
    this.crossed.toHost += data.byteLength;
  }

  copy(from: DeviceTensor, to: DeviceTensor): void {
    if (bytesFor(from) !== bytesFor(to)) throw new Error(`a tensor of ${bytesFor(from)} bytes is copied to one of ${bytesFor(to)}`);
    this.backing.copy(this.placeOf(from), this.placeOf(to));
  }

  view(tensor: DeviceTensor, shape: readonly number[]): DeviceTensor {
    const type = { dtype: tensor.dtype, shape: [...shape] };
    if (bytesFor(type) > bytesFor(tensor)) throw new Error(`a tensor of [${tensor.shape.join(', ')}] has no view of [${shape.join(', ')}]`);
    return new NativeTensor(this, type, this.backing.view(this.placeOf(tensor), type), 0);
  }

  release(tensor: DeviceTensor): void {
    const own = this.own(tensor);
    own.place?.free();
    if (own.place) this.bytes -= own.held;
    own.place = null;
  }

  /** ONNX Runtime's tensor, which belongs to `tensor`. */
  valueOf(tensor: DeviceTensor): Pointer {
    return this.placeOf(tensor).value;
  }

  private placeOf(tensor: DeviceTensor): Place {
    const { place } = this.own(tensor);
    if (!place) throw new Error(`a tensor of [${tensor.shape.join(', ')}] is used after its release`);
    return place;
  }

  private own(tensor: DeviceTensor): NativeTensor {
    if (!(tensor instanceof NativeTensor) || tensor.memory !== this) throw new Error('a tensor of another memory');
    return tensor;
  }
}
