import type { OrtDevice } from '../../../contract/divergence.ts';
import type { OnnxGraph } from '../../../graph/onnx/write.ts';
import type { ProgramOptions } from '../../program.ts';
import type { Pointer } from './api.ts';
import { cString, pointersTo } from './c-memory.ts';
import { appendProvider } from './provider.ts';
import type { OrtRuntime } from './runtime.ts';

/** Constants of `onnxruntime_c_api.h`. */
const LEVELS = { none: 0, basic: 1, all: 99 } as const;
/** Errors are thrown with their message, which need not be printed as well. */
const LOG_FATAL = 4;

/** Where a session computes. */
export interface Where { device: OrtDevice; threads: number }

/** A session with threads of its own. On the CPU it reads initializers where they lie, so their memory must outlive it; a device has copies. */
export function createSession(runtime: OrtRuntime, graph: OnnxGraph, { optimize = 'basic', initializers = {}, ...how }: ProgramOptions, { device, threads }: Where): Pointer {
  const { api } = runtime;
  const options = runtime.made((out) => api.CreateSessionOptions(out));
  const used = graph.parameters.filter(({ name }) => initializers[name]);
  const values: Pointer[] = [];
  try {
    runtime.check(api.SetSessionLogSeverityLevel(options, LOG_FATAL));
    runtime.check(api.SetSessionGraphOptimizationLevel(options, LEVELS[optimize]));
    runtime.check(api.SetIntraOpNumThreads(options, threads));
    runtime.check(api.AddSessionConfigEntry(options, 'session.use_env_allocators', '1'));
    // A weight that is stored in another type is unpacked where it is needed, not once and for good in float32.
    if (graph.parameters.some(({ dtype }) => dtype !== 'float32')) {
      runtime.check(api.AddSessionConfigEntry(options, 'optimization.disable_specified_optimizers', 'ConstantFolding'));
    }
    // One block for all of a step takes more memory than the arena's many, and may pass 1 GiB.
    runtime.check(api.DisableMemPattern(options));
    appendProvider(runtime, options, device, how);
    for (const { name } of used) values.push(runtime.value(initializers[name]!));
    addInitializers(runtime, options, used.map(({ name }) => name), values, device);
    return runtime.made((out) => api.CreateSessionFromArray(runtime.env, graph.bytes, graph.bytes.byteLength, options, out));
  } finally {
    api.ReleaseSessionOptions(options);
    // The session has a hold of its own on them.
    values.forEach((value) => api.ReleaseValue(value));
  }
}

/**
 * Names values for initializers that the model has only by name. On the CPU both calls are needed: the first lets the
 * model be read without their bytes, but alone would leave the session a copy of each, as a device must have it.
 */
function addInitializers(runtime: OrtRuntime, options: Pointer, names: readonly string[], values: readonly Pointer[], device: OrtDevice): void {
  if (names.length === 0) return;
  const { api } = runtime;
  const texts = names.map(cString);
  runtime.check(api.AddExternalInitializers(options, pointersTo(texts), BigUint64Array.from(values), names.length));
  if (device === 'cpu') names.forEach((name, at) => runtime.check(api.AddInitializer(options, name, values[at]!)));
}
