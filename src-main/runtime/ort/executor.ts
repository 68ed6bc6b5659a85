import type { OrtDevice } from '../../contract/divergence.ts';
import { Problem } from '../../contract/problem.ts';
import type { Executor } from '../program.ts';
import { nativeExecutor } from './native/executor.ts';
import { testDevice } from './native/test-device.ts';

/**
 * ONNX Runtime as an executor.
 *
 * @param threads  threads inside an operator; 0 leaves it to ONNX Runtime, which is fastest on an idle machine
 * @throws Problem where ONNX Runtime's library cannot be loaded
 */
export function ortExecutor(device: OrtDevice, threads = 0): Executor {
  try {
    return testDevice(device, threads) ?? nativeExecutor(threads, device);
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    const [line] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    throw new Problem(`ONNX Runtime cannot be loaded: ${line}.`, {
      kind: 'failure', hint: `Install Retort again on this machine (${process.platform} ${process.arch}), with all that it depends on; on Windows also Microsoft's Visual C++ runtime.`, cause,
    });
  }
}
