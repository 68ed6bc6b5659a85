import type { Device } from '../../contract/divergence.ts';
import type { Executor } from '../program.ts';
import { nativeExecutor } from './native/executor.ts';

/**
 * ONNX Runtime as an executor.
 *
 * @param threads  threads inside an operator; 0 leaves it to ONNX Runtime, which is fastest on an idle machine
 */
export function ortExecutor(device: Device, threads = 0): Executor {
  if (device !== 'cpu') return boundExecutor(device, threads);
  try {
    return nativeExecutor(threads);
  } catch (cause) {
    warnOnce(cause);
    return boundExecutor(device, threads);
  }
}

/** By ONNX Runtime's JavaScript interface, loaded where it is needed. */
function boundExecutor(device: Device, threads: number): Executor {
  return {
    device,
    readsStored: false,
    dialect: device === 'webgpu' ? 'webgpu' : 'onnxruntime',
    compile: async (graph, options = {}) => (await import('./binding.ts')).compile(graph, options, device, threads),
  };
}

let hasWarned = false;

function warnOnce(cause: unknown): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(`ONNX Runtime's library cannot be called directly, so every step copies its results and takes longer: ${String(cause)}`);
}
