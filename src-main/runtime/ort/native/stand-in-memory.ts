import koffi from 'koffi';
import type { OrtDevice } from '../../../contract/divergence.ts';
import { bytesFor } from '../../device/tensor-bytes.ts';
import type { TensorData } from '../../tensor.ts';
import { deviceFull } from '../device-failure.ts';
import type { Pointer } from './api.ts';
import type { Backing, Place, TensorType } from './native-memory.ts';
import type { OrtRuntime } from './runtime.ts';

interface OwnPlace extends Place { readonly bytes: Uint8Array }

/**
 * Memory of this process that stands for a device's: apart from what the host sees, so that whatever is forgotten to be
 * copied, or is used after its release, shows in the numbers.
 */
export class StandInMemory implements Backing {
  private readonly runtime: OrtRuntime;
  private readonly device: OrtDevice;
  private readonly room: number;
  private taken = 0;

  /** @param device  it stands for, @param room  bytes that there are */
  constructor(runtime: OrtRuntime, device: OrtDevice, room = Infinity) {
    this.runtime = runtime;
    this.device = device;
    this.room = room;
  }

  make(type: TensorType): OwnPlace {
    const bytes = bytesFor(type);
    if (this.taken + bytes > this.room) throw deviceFull(this.device, bytes, new Error('no room'));
    this.taken += bytes;
    return this.over(new Uint8Array(bytesFor(type)), type, true);
  }

  view(of: OwnPlace, type: TensorType): OwnPlace {
    return this.over(of.bytes.subarray(0, bytesFor(type)), type, false);
  }

  upload(data: TensorData, _: TensorType, to: OwnPlace): void {
    to.bytes.set(bytesOf(data));
  }

  download(from: OwnPlace, _: TensorType, data: TensorData): void {
    bytesOf(data).set(from.bytes);
  }

  copy(from: OwnPlace, to: OwnPlace): void {
    to.bytes.set(from.bytes);
  }

  private over(bytes: Uint8Array, { dtype, shape }: TensorType, isOwner: boolean): OwnPlace {
    const value: Pointer = this.runtime.valueAt(koffi.address(bytes), bytes.byteLength, { dtype, shape });
    return {
      value, bytes,
      free: () => {
        this.runtime.api.ReleaseValue(value);
        if (!isOwner) return;
        // A not-a-number in every element type of floats.
        bytes.fill(0xff);
        this.taken -= bytes.byteLength;
      },
    };
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: TensorData): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);
