import type { Device } from '../contract/divergence.ts';
import { ortExecutor } from './ort/executor.ts';
import type { Executor } from './program.ts';
import { tfjsExecutor } from './tfjs/executor.ts';

/** What computes on a device. @param threads  inside an operator on a processor; 0 for as many as are good. @throws Problem where the device is not there */
export function executorOn(device: Device, threads: number): Executor {
  return device === 'tfjs' ? tfjsExecutor(threads) : ortExecutor(device, threads);
}
