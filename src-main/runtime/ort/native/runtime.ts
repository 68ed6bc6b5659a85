import { join } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';
import { DTYPES } from '../../../graph/dtype.ts';
import { bytesOf, type StoredTensor, type Tensor, type TensorData } from '../../tensor.ts';
import { findCuda } from '../cuda/find.ts';
import { joinCuda } from '../cuda/join.ts';
import { libraryFolder } from '../library-folder.ts';
import { readApi, type OrtApi, type Pointer, type Status } from './api.ts';
import { cString, pointersTo } from './c-memory.ts';

/** The library's name on each platform, as onnxruntime-node brings it. */
const LIBRARIES: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'libonnxruntime.so.1', darwin: 'libonnxruntime.1.dylib', win32: 'onnxruntime.dll',
};

/** Constants of `onnxruntime_c_api.h`. */
/** Errors are thrown with their message, which need not be printed as well. */
const LOG_FATAL = 4;
const ALLOCATOR = { device: 0, arena: 1 } as const;
const DEFAULT_MEMORY = 0;
const AS_REQUESTED = 1n;

/** ONNX Runtime in this process: its interface and what all sessions share. */
export class OrtRuntime {
  readonly api: OrtApi;
  readonly env: Pointer;
  /** Held because koffi unloads a library whose handle is gone, called by address or not. */
  readonly library: LibraryHandle;
  /** Options of a run that gives the arena's unused memory back to the system at its end. */
  readonly thenShrink: Pointer;
  private readonly cpu: Pointer;
  private readonly out = new BigUint64Array(1);

  /** @throws Error where there is no library for this platform or it cannot be loaded */
  constructor() {
    const name = LIBRARIES[process.platform];
    if (name === undefined) throw new Error(`ONNX Runtime is not made for ${process.platform}`);
    const library = join(libraryFolder(), name);
    const cuda = findCuda();
    this.library = koffi.load(cuda ? joinCuda(library, cuda) : library);
    this.api = readApi(this.library);
    this.env = this.made((out) => this.api.CreateEnv(LOG_FATAL, 'retort', out));
    this.cpu = this.memoryInfo(ALLOCATOR.device);
    this.shareArena();
    this.thenShrink = this.made((out) => this.api.CreateRunOptions(out));
    this.check(this.api.AddRunConfigEntry(this.thenShrink, 'memory.enable_memory_arena_shrinkage', 'cpu:0'));
  }

  /** @throws Error with ONNX Runtime's own words where a call failed */
  check(status: Status): void {
    if (status === null) return;
    const message = this.api.GetErrorMessage(status);
    this.api.ReleaseStatus(status);
    throw new Error(message);
  }

  /** What a call has made. */
  made(make: (out: BigUint64Array) => Status): Pointer {
    this.check(make(this.out));
    return this.out[0]!;
  }

  /** A tensor of ONNX Runtime's over the same memory. */
  value(tensor: StoredTensor): Pointer {
    return this.valueAt('mapped' in tensor ? tensor.mapped.address : tensor.data, bytesOf(tensor), tensor);
  }

  /** A tensor of ONNX Runtime's over memory that somebody else owns. @param info  which memory; the host's if left out */
  valueAt(place: Pointer | TensorData, bytes: number, { dtype, shape }: Pick<Tensor, 'dtype' | 'shape'>, info = this.cpu): Pointer {
    return this.made((out) => this.api.CreateTensorWithDataAsOrtValue(info, place, bytes, BigInt64Array.from(shape, BigInt), shape.length, DTYPES[dtype].code, out));
  }

  private memoryInfo(allocator: number): Pointer {
    return this.made((out) => this.api.CreateCpuMemoryInfo(allocator, DEFAULT_MEMORY, out));
  }

  /**
   * One arena for all sessions. A step asks for the same megabytes again and again; giving them back to the system
   * each time costs a third of it in page faults. What a rollout has used serves the update after it. The arena
   * grows by what is asked for, never more: Electron ends a process that allocates over 1 GiB at once.
   */
  private shareArena(): void {
    const { api } = this;
    const keys = [cString('arena_extend_strategy')];
    const settings = this.made((out) => api.CreateArenaCfgV2(pointersTo(keys), BigUint64Array.of(AS_REQUESTED), keys.length, out));
    const info = this.memoryInfo(ALLOCATOR.arena);
    try {
      this.check(api.CreateAndRegisterAllocator(this.env, info, settings));
    } finally {
      api.ReleaseMemoryInfo(info);
      api.ReleaseArenaCfg(settings);
    }
  }
}
