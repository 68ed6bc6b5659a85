import type { OrtDevice } from '../../../contract/divergence.ts';
import { requireCuda } from '../cuda/require.ts';
import type { ProgramOptions } from '../../program.ts';
import type { Pointer } from './api.ts';
import { cString, pointersTo } from './c-memory.ts';
import type { OrtRuntime } from './runtime.ts';

/** What ONNX Runtime calls a device's memory. */
export const MEMORY: Readonly<Record<Exclude<OrtDevice, 'cpu'>, string>> = { webgpu: 'WebGPU_Buf', cuda: 'Cuda' };

/** Operators on int64 stay on the device, and the device outlives the session that asked for it first. */
const WEBGPU = { enableInt64: '1', preserveDevice: '1' };

/** float32 means float32, unless a program allows otherwise: ONNX Runtime itself would not ask. */
export const cudaOptions = (allowsTf32: boolean): Readonly<Record<string, string>> => ({ use_tf32: allowsTf32 ? '1' : '0' });

/** Lets a session compute on a device. @throws Problem or Error where it is not there */
export function appendProvider(runtime: OrtRuntime, session: Pointer, device: OrtDevice, { allowsTf32 = false, captured = false }: Pick<ProgramOptions, 'allowsTf32' | 'captured'>): void {
  if (device === 'webgpu') runtime.check(withPairs({ ...WEBGPU, ...(captured && { enableGraphCapture: '1' }) }, (keys, values, count) => runtime.api.SessionOptionsAppendExecutionProvider(session, 'WebGPU', keys, values, count)));
  if (device === 'cuda') appendCuda(runtime, session, allowsTf32);
}

function appendCuda(runtime: OrtRuntime, session: Pointer, allowsTf32: boolean): void {
  requireCuda();
  const { api } = runtime;
  const options = runtime.made((out) => api.CreateCUDAProviderOptions(out));
  try {
    runtime.check(withPairs(cudaOptions(allowsTf32), (keys, values, count) => api.UpdateCUDAProviderOptions(options, keys, values, count)));
    runtime.check(api.SessionOptionsAppendExecutionProvider_CUDA_V2(session, options));
  } finally {
    api.ReleaseCUDAProviderOptions(options);
  }
}

/** Texts by name as C has them: two arrays, which last for the call. */
function withPairs<T>(pairs: Readonly<Record<string, string>>, call: (keys: BigUint64Array, values: BigUint64Array, count: number) => T): T {
  const keys = Object.keys(pairs).map(cString);
  const values = Object.values(pairs).map(cString);
  return call(pointersTo(keys), pointersTo(values), keys.length);
}
