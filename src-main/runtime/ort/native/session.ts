import type { OnnxGraph } from '../../../graph/onnx/write.ts';
import type { ProgramOptions } from '../../program.ts';
import type { Pointer } from './api.ts';
import { cString, pointersTo } from './c-memory.ts';
import type { OrtRuntime } from './runtime.ts';

/** Constants of `onnxruntime_c_api.h`. */
const LEVELS = { none: 0, basic: 1, all: 99 } as const;
/** Errors are thrown with their message, which need not be printed as well. */
const LOG_FATAL = 4;

/** A session of its own threads. The initializers' memory must outlive it. */
export function createSession(runtime: OrtRuntime, graph: OnnxGraph, { optimize = 'basic', initializers = {} }: ProgramOptions, threads: number): Pointer {
  const { api } = runtime;
  const options = runtime.made((out) => api.CreateSessionOptions(out));
  try {
    runtime.check(api.SetSessionLogSeverityLevel(options, LOG_FATAL));
    runtime.check(api.SetSessionGraphOptimizationLevel(options, LEVELS[optimize]));
    runtime.check(api.SetIntraOpNumThreads(options, threads));
    runtime.check(api.AddSessionConfigEntry(options, 'session.use_env_allocators', '1'));
    // One block for all of a step takes more memory than the arena's many, and may pass 1 GiB.
    runtime.check(api.DisableMemPattern(options));
    addInitializers(runtime, options, initializers, graph);
    return runtime.made((out) => api.CreateSessionFromArray(runtime.env, graph.bytes, graph.bytes.byteLength, options, out));
  } finally {
    api.ReleaseSessionOptions(options);
  }
}

function addInitializers(runtime: OrtRuntime, options: Pointer, initializers: NonNullable<ProgramOptions['initializers']>, { parameters }: OnnxGraph): void {
  const used = parameters.filter(({ name }) => initializers[name]);
  if (used.length === 0) return;
  const names = used.map(({ name }) => cString(name));
  const values = BigUint64Array.from(used, ({ name }) => runtime.value(initializers[name]!));
  try {
    runtime.check(runtime.api.AddExternalInitializers(options, pointersTo(names), values, used.length));
  } finally {
    // The options, and then the session, have their own hold on them.
    values.forEach((value) => runtime.api.ReleaseValue(value));
  }
}
