import type { Device } from '../../contract/divergence.ts';
import type { Executor } from '../program.ts';
import { deviceProblem } from './device-failure.ts';
import { nativeExecutor } from './native/executor.ts';
import { testDevice } from './native/test-device.ts';

/**
 * ONNX Runtime as an executor.
 *
 * @param threads  threads inside an operator; 0 leaves it to ONNX Runtime, which is fastest on an idle machine
 */
export function ortExecutor(device: Device, threads = 0): Executor {
  try {
    return testDevice(device, threads) ?? nativeExecutor(threads, device);
  } catch (cause) {
    if (device !== 'cpu') throw deviceProblem(device, cause);
    warnOnce(cause);
    return boundExecutor(threads);
  }
}

/** By ONNX Runtime's JavaScript interface, loaded where it is needed. */
function boundExecutor(threads: number): Executor {
  return {
    device: 'cpu', memory: null, readsStored: false, signsBytes: false, dialect: 'onnxruntime',
    compile: async (graph, options = {}) => (await import('./binding.ts')).compile(graph, options, threads),
  };
}

let hasWarned = false;

function warnOnce(cause: unknown): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(`ONNX Runtime's library cannot be called directly, so every step copies its results and takes longer: ${String(cause)}`);
}
