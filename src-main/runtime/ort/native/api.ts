import koffi, { type LibraryHandle } from 'koffi';

/** Address of something of ONNX Runtime's. */
export type Pointer = bigint;
/** What a call reads or writes: an address, or an array that stands for its first element; null is none. */
type Memory = Pointer | NodeJS.TypedArray | null;
/** Null where the call succeeded, else what happened, to be released. */
export type Status = Pointer | null;
/** Receives one address. */
type Out = BigUint64Array;

/** The calls Retort makes, by the names and with the arguments of `onnxruntime_c_api.h`. */
export interface OrtApi {
  GetErrorMessage(status: Pointer): string;
  CreateEnv(logLevel: number, logId: string, env: Out): Status;
  CreateSessionFromArray(env: Pointer, model: Memory, bytes: number, options: Pointer, session: Out): Status;
  Run(session: Pointer, options: Pointer | null, inputNames: Memory, inputs: Memory, inputCount: number,
    outputNames: Memory, outputCount: number, outputs: Memory): Status;
  CreateSessionOptions(options: Out): Status;
  DisableMemPattern(options: Pointer): Status;
  SetSessionLogSeverityLevel(options: Pointer, level: number): Status;
  SetSessionGraphOptimizationLevel(options: Pointer, level: number): Status;
  SetIntraOpNumThreads(options: Pointer, threads: number): Status;
  CreateRunOptions(options: Out): Status;
  CreateTensorAsOrtValue(allocator: Pointer, shape: Memory, rank: number, type: number, value: Out): Status;
  CreateTensorWithDataAsOrtValue(info: Pointer, data: Memory, bytes: number, shape: Memory, rank: number, type: number, value: Out): Status;
  GetTensorMutableData(value: Pointer, data: Out): Status;
  CreateMemoryInfo(name: string, allocator: number, device: number, memory: number, info: Out): Status;
  CreateCpuMemoryInfo(allocator: number, memory: number, info: Out): Status;
  ReleaseStatus(status: Pointer): void;
  ReleaseMemoryInfo(info: Pointer): void;
  ReleaseSession(session: Pointer): void;
  ReleaseValue(value: Pointer): void;
  ReleaseSessionOptions(options: Pointer): void;
  AddSessionConfigEntry(options: Pointer, key: string, value: string): Status;
  CreateAllocator(session: Pointer, info: Pointer, allocator: Out): Status;
  RunWithBinding(session: Pointer, options: Pointer | null, binding: Pointer): Status;
  CreateIoBinding(session: Pointer, binding: Out): Status;
  ReleaseIoBinding(binding: Pointer): void;
  BindInput(binding: Pointer, name: string, value: Pointer): Status;
  BindOutput(binding: Pointer, name: string, value: Pointer): Status;
  CreateAndRegisterAllocator(env: Pointer, info: Pointer, arena: Pointer): Status;
  AddInitializer(options: Pointer, name: string, value: Pointer): Status;
  ReleaseArenaCfg(arena: Pointer): void;
  CreateArenaCfgV2(keys: Memory, values: Memory, count: number, arena: Out): Status;
  AddRunConfigEntry(options: Pointer, key: string, value: string): Status;
  SessionOptionsAppendExecutionProvider_CUDA_V2(options: Pointer, cuda: Pointer): Status;
  CreateCUDAProviderOptions(cuda: Out): Status;
  UpdateCUDAProviderOptions(cuda: Pointer, keys: Memory, values: Memory, count: number): Status;
  ReleaseCUDAProviderOptions(cuda: Pointer): void;
  AddExternalInitializers(options: Pointer, names: Memory, values: Memory, count: number): Status;
  SessionOptionsAppendExecutionProvider(options: Pointer, provider: string, keys: Memory, values: Memory, count: number): Status;
  CopyTensors(env: Pointer, from: Memory, to: Memory, stream: Pointer | null, count: number): Status;
}

interface Entry { index: number; result: string; parameters: string[] }

const POINTER = 'void *';
const call = (index: number, ...parameters: string[]): Entry => ({ index, result: POINTER, parameters });
const release = (index: number): Entry => ({ index, result: 'void', parameters: [POINTER] });

/** Places in `struct OrtApi`, a table of functions that only ever grows at its end, and types in C. */
const TABLE: Readonly<Record<keyof OrtApi, Entry>> = {
  GetErrorMessage: { index: 2, result: 'str', parameters: [POINTER] },
  CreateEnv: call(3, 'int', 'str', POINTER),
  CreateSessionFromArray: call(8, POINTER, POINTER, 'size_t', POINTER, POINTER),
  Run: call(9, POINTER, POINTER, POINTER, POINTER, 'size_t', POINTER, 'size_t', POINTER),
  CreateSessionOptions: call(10, POINTER),
  DisableMemPattern: call(17, POINTER),
  SetSessionLogSeverityLevel: call(22, POINTER, 'int'),
  SetSessionGraphOptimizationLevel: call(23, POINTER, 'int'),
  SetIntraOpNumThreads: call(24, POINTER, 'int'),
  CreateRunOptions: call(39, POINTER),
  CreateTensorAsOrtValue: call(48, POINTER, POINTER, 'size_t', 'int', POINTER),
  CreateTensorWithDataAsOrtValue: call(49, POINTER, POINTER, 'size_t', POINTER, 'size_t', 'int', POINTER),
  GetTensorMutableData: call(51, POINTER, POINTER),
  CreateMemoryInfo: call(68, 'str', 'int', 'int', 'int', POINTER),
  CreateCpuMemoryInfo: call(69, 'int', 'int', POINTER),
  ReleaseStatus: release(93),
  ReleaseMemoryInfo: release(94),
  ReleaseSession: release(95),
  ReleaseValue: release(96),
  ReleaseSessionOptions: release(100),
  AddSessionConfigEntry: call(130, POINTER, 'str', 'str'),
  CreateAllocator: call(131, POINTER, POINTER, POINTER),
  RunWithBinding: call(133, POINTER, POINTER, POINTER),
  CreateIoBinding: call(134, POINTER, POINTER),
  ReleaseIoBinding: release(135),
  BindInput: call(136, POINTER, 'str', POINTER),
  BindOutput: call(137, POINTER, 'str', POINTER),
  CreateAndRegisterAllocator: call(144, POINTER, POINTER, POINTER),
  AddInitializer: call(150, POINTER, 'str', POINTER),
  ReleaseArenaCfg: release(157),
  CreateArenaCfgV2: call(164, POINTER, POINTER, 'size_t', POINTER),
  AddRunConfigEntry: call(165, POINTER, 'str', 'str'),
  SessionOptionsAppendExecutionProvider_CUDA_V2: call(204, POINTER, POINTER),
  CreateCUDAProviderOptions: call(205, POINTER),
  UpdateCUDAProviderOptions: call(206, POINTER, POINTER, POINTER, 'size_t'),
  ReleaseCUDAProviderOptions: release(208),
  AddExternalInitializers: call(210, POINTER, POINTER, POINTER, 'size_t'),
  SessionOptionsAppendExecutionProvider: call(216, POINTER, 'str', POINTER, POINTER, 'size_t'),
  CopyTensors: call(386, POINTER, POINTER, POINTER, POINTER, 'size_t'),
};

/** The version of the interface that brought the last entry of the table; newer libraries still offer it. */
const VERSION = 23;

/** @throws Error where the library is older than the table */
export function readApi(library: LibraryHandle): OrtApi {
  const base = library.func('OrtGetApiBase', POINTER, [])() as Pointer;
  const [getApi, getVersion] = pointersAt(base, 2);
  const table = koffi.call(getApi, koffi.proto(POINTER, ['uint32']), VERSION) as Pointer | null;
  if (table === null) throw new Error(`ONNX Runtime ${koffi.call(getVersion, koffi.proto('str', [])) as string} lacks version ${VERSION} of its C interface`);
  const functions = pointersAt(table, Math.max(...Object.values(TABLE).map(({ index }) => index)) + 1);
  const entries = Object.entries(TABLE).map(([name, { index, result, parameters }]) => (
    [name, koffi.decode(functions[index], koffi.proto(result, parameters)) as unknown]));
  // The names are those of TABLE, which has them from OrtApi.
  return Object.fromEntries(entries) as OrtApi;
}

function pointersAt(address: Pointer, count: number): Pointer[] {
  return koffi.decode(address, koffi.array(POINTER, count, 'Array')) as Pointer[];
}
