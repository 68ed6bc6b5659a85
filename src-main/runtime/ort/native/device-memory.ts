import type { OrtDevice } from '../../../contract/divergence.ts';
import { DTYPES } from '../../../graph/dtype.ts';
import { writeOnnx } from '../../../graph/onnx/write.ts';
import { neg } from '../../../graph/ops/elementwise.ts';
import { Graph } from '../../../graph/value.ts';
import { bytesFor } from '../../device/tensor-bytes.ts';
import { tensorOf, type TensorData } from '../../tensor.ts';
import { deviceFull, deviceProblem } from '../device-failure.ts';
import type { Pointer } from './api.ts';
import type { Backing, Place, TensorType } from './native-memory.ts';
import { MEMORY } from './provider.ts';
import type { OrtRuntime } from './runtime.ts';
import { createSession } from './session.ts';

const DEVICE_ALLOCATOR = 0;
const DEFAULT_MEMORY = 0;
const FIRST_DEVICE = 0;
/** What is read back from a new tensor's first place: neither zero, which fresh memory has, nor a number's usual bytes. */
const PROBE = 0x5a;

/** Memory of a graphics card, as ONNX Runtime's provider allocates it. */
export class ProviderMemory implements Backing {
  private readonly runtime: OrtRuntime;
  private readonly device: Exclude<OrtDevice, 'cpu'>;
  private readonly info: Pointer;
  /** Made by a session that lives as long: the device is gone once nothing holds it. */
  private readonly allocator: Pointer;

  /** @throws Problem where the device cannot be used */
  constructor(runtime: OrtRuntime, device: Exclude<OrtDevice, 'cpu'>) {
    const { api } = runtime;
    this.runtime = runtime;
    this.device = device;
    this.info = runtime.made((out) => api.CreateMemoryInfo(MEMORY[device], DEVICE_ALLOCATOR, FIRST_DEVICE, DEFAULT_MEMORY, out));
    try {
      const session = createSession(runtime, aGraph(), {}, { device, threads: 1 });
      this.allocator = runtime.made((out) => api.CreateAllocator(session, this.info, out));
    } catch (cause) {
      throw deviceProblem(device, cause);
    }
  }

  /** An allocation that fails says so nowhere: what is written must come back. */
  make(type: TensorType): Place {
    let place: Place;
    try {
      place = this.placed(this.runtime.made((out) => this.runtime.api.CreateTensorAsOrtValue(this.allocator, shapeOf(type), type.shape.length, DTYPES[type.dtype].code, out)));
    } catch (cause) {
      throw deviceFull(this.device, bytesFor(type), cause);
    }
    if (bytesFor(type) === 0) return place;
    try {
      this.probe(place, type.dtype);
      // As large as the tensor, but of pages that the system has not given out yet.
      this.upload(tensorOf(type.dtype, type.shape, new Uint8Array(bytesFor(type))).data, type, place);
      return place;
    } catch (cause) {
      place.free();
      throw deviceFull(this.device, bytesFor(type), cause);
    }
  }

  view(of: Place, type: TensorType): Place {
    const handle = this.runtime.made((out) => this.runtime.api.GetTensorMutableData(of.value, out));
    return this.placed(this.runtime.valueAt(handle, bytesFor(type), type, this.info));
  }

  upload(data: TensorData, type: TensorType, to: Place): void {
    this.throughHost(data, type, (host) => { this.move(host, to.value); });
  }

  download(from: Place, type: TensorType, data: TensorData): void {
    this.throughHost(data, type, (host) => { this.move(from.value, host); });
  }

  copy(from: Place, to: Place): void {
    this.move(from.value, to.value);
  }

  private probe(place: Place, dtype: TensorType['dtype']): void {
    const one = { dtype, shape: [1] };
    const first = this.view(place, one);
    const sent = tensorOf(dtype, [1], new Uint8Array(bytesFor(one)).fill(PROBE)).data;
    const back = tensorOf(dtype, [1], new Uint8Array(bytesFor(one))).data;
    try {
      this.upload(sent, one, first);
      this.download(first, one, back);
    } finally {
      first.free();
    }
    if (back[0] !== sent[0] && !Number.isNaN(Number(back[0]))) throw new Error('what was written did not come back');
  }

  private placed(value: Pointer): Place {
    return { value, free: () => { this.runtime.api.ReleaseValue(value); } };
  }

  private throughHost(data: TensorData, { dtype, shape }: TensorType, use: (host: Pointer) => void): void {
    const host = this.runtime.value({ dtype, shape, data });
    try {
      use(host);
    } finally {
      this.runtime.api.ReleaseValue(host);
    }
  }

  private move(from: Pointer, to: Pointer): void {
    const { api, env } = this.runtime;
    try {
      this.runtime.check(api.CopyTensors(env, BigUint64Array.of(from), BigUint64Array.of(to), null, 1));
    } catch (cause) {
      throw deviceProblem(this.device, cause);
    }
  }
}

const shapeOf = ({ shape }: TensorType): BigInt64Array => BigInt64Array.from(shape, BigInt);

/** A graph of one node: a device's memory is had by a session alone. */
function aGraph(): ReturnType<typeof writeOnnx> {
  return writeOnnx({ y: neg(new Graph().input('x', 'float32', [1])) }, { weights: 'inputs' });
}
