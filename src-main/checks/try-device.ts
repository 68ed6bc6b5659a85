import { DEVICES, type Device, type DeviceState } from '../contract/divergence.ts';
import { Problem } from '../contract/problem.ts';
import { writeOnnx } from '../graph/onnx/write.ts';
import { neg } from '../graph/ops/elementwise.ts';
import { Graph } from '../graph/value.ts';
import { executorFor } from '../model/load-model.ts';

/** Tries a device on a graph of one node. @throws Problem where it is not there */
export async function tryDevice(device: Device): Promise<void> {
  if (device === 'cpu') return;
  const graph = writeOnnx({ y: neg(new Graph().input('x', 'float32', [1])) }, { weights: 'inputs' });
  await (await executorFor(device).compile(graph)).release();
}

/** Every device, and why it cannot be used here. */
export function findDevices(): Promise<DeviceState[]> {
  return Promise.all(DEVICES.map(async (device) => {
    try {
      await tryDevice(device);
      return { device, problem: null };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { device, problem: error.message };
    }
  }));
}
