import type { DType } from '../../graph/dtype.ts';
import { sameShape, sizeOf } from '../../graph/shape.ts';
import type { DeviceMemory, DeviceTensor } from '../device/device-memory.ts';
import { bytesFor, requireFit } from '../device/tensor-bytes.ts';
import { tensorOf, type Tensor, type TensorData } from '../tensor.ts';
import { explained } from './failure.ts';
import type { Tf, TfTensor } from './library.ts';
import { fromHost, tfBytes, tfType, toHost } from './tensors.ts';

/**
 * A place for tensors of TensorFlow.js, none of which ever changes: what is written is another tensor in the same place,
 * and a copy is the same tensor in two.
 */
class Cell implements DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly memory: TfjsMemory;
  /** Where a view's numbers are the first of; null of a place of its own. */
  readonly base: Cell | null;
  /** Null of a view, and once released. */
  held: TfTensor | null;
  isReleased = false;

  constructor(memory: TfjsMemory, dtype: DType, shape: readonly number[], held: TfTensor | null, base: Cell | null = null) {
    this.memory = memory;
    this.dtype = dtype;
    this.shape = shape;
    this.held = held;
    this.base = base;
  }
}

/** Memory in which TensorFlow.js computes, with an account of it. */
export class TfjsMemory implements DeviceMemory {
  bytes = 0;
  readonly crossed = { toDevice: 0, toHost: 0 };
  private readonly tf: Tf;

  constructor(tf: Tf) {
    this.tf = tf;
  }

  make(dtype: DType, shape: readonly number[]): DeviceTensor {
    const bytes = tfBytes(dtype, shape);
    const cell = new Cell(this, dtype, [...shape], explained('keep a tensor', () => this.tf.fill(shape, 0, tfType(dtype))));
    this.bytes += bytes;
    return cell;
  }

  write(tensor: DeviceTensor, data: TensorData): void {
    const { dtype, shape } = tensor;
    requireFit(tensor, data);
    this.put(tensor, explained('keep a tensor', () => fromHost(this.tf, { dtype, shape, data })));
    this.crossed.toDevice += data.byteLength;
  }

  read(tensor: DeviceTensor): Tensor {
    const host = tensorOf(tensor.dtype, tensor.shape, new Uint8Array(bytesFor(tensor)));
    this.readInto(tensor, host.data);
    return host;
  }

  readInto(tensor: DeviceTensor, data: TensorData): void {
    requireFit(tensor, data);
    const taken = this.take(tensor);
    try {
      explained('read a tensor', () => { toHost(taken, data); });
    } finally {
      taken.dispose();
    }
    this.crossed.toHost += data.byteLength;
  }

  copy(from: DeviceTensor, to: DeviceTensor): void {
    if (sizeOf(from.shape) !== sizeOf(to.shape)) throw new Error(`a tensor of [${from.shape.join(', ')}] is copied to one of [${to.shape.join(', ')}]`);
    this.put(to, this.take(from));
  }

  view(tensor: DeviceTensor, shape: readonly number[]): DeviceTensor {
    if (sizeOf(shape) > sizeOf(tensor.shape)) throw new Error(`a tensor of [${tensor.shape.join(', ')}] has no view of [${shape.join(', ')}]`);
    return new Cell(this, tensor.dtype, [...shape], null, this.own(tensor));
  }

  release(tensor: DeviceTensor): void {
    const cell = this.own(tensor, true);
    if (cell.isReleased) return;
    cell.isReleased = true;
    if (cell.held) this.bytes -= tfBytes(cell.dtype, cell.shape);
    cell.held?.dispose();
    cell.held = null;
  }

  /** @throws Error where a tensor is another memory's, or released */
  check(tensor: DeviceTensor): void {
    this.own(tensor);
  }

  /** The tensor that is in a place now, which whoever takes it disposes of. */
  take(tensor: DeviceTensor): TfTensor {
    const { held, base, shape } = this.own(tensor);
    if (!base) return held!.clone();
    return this.tf.tidy(() => {
      const flat = this.tf.reshape(this.take(base), [sizeOf(base.shape)]);
      return this.tf.reshape(this.tf.slice(flat, [0], [sizeOf(shape)]), shape);
    });
  }

  /** Puts a tensor in a place, whose it is from then on. */
  put(tensor: DeviceTensor, given: TfTensor): void {
    const cell = this.own(tensor);
    const { tf } = this;
    if (cell.base) {
      const { base } = cell;
      this.put(base, tf.tidy(() => {
        const whole = tf.reshape(this.take(base), [sizeOf(base.shape)]);
        const size = sizeOf(cell.shape);
        const rest = tf.slice(whole, [size], [sizeOf(base.shape) - size]);
        return tf.reshape(tf.concat([tf.reshape(given, [size]), rest], 0), base.shape);
      }));
      given.dispose();
      return;
    }
    const old = cell.held!;
    if (sameShape(given.shape, cell.shape)) cell.held = given;
    else {
      cell.held = tf.reshape(given, cell.shape);
      given.dispose();
    }
    old.dispose();
  }

  private own(tensor: DeviceTensor, mayBeReleased = false): Cell {
    if (!(tensor instanceof Cell) || tensor.memory !== this) throw new Error('a tensor of another memory');
    if (tensor.isReleased && !mayBeReleased) throw new Error(`a tensor of [${tensor.shape.join(', ')}] is used after its release`);
    return tensor;
  }
}
