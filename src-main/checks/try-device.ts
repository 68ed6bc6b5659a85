import type { Device } from '../contract/divergence.ts';
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
