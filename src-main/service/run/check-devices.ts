import type { Recipe } from '../../contract/recipe.ts';
import { writeOnnx } from '../../graph/onnx/write.ts';
import { neg } from '../../graph/ops/elementwise.ts';
import { Graph } from '../../graph/value.ts';
import { executorFor } from '../load-model.ts';

/** Tries the devices of a recipe on a graph of one node. @throws Problem that says what a device lacks */
export async function checkDevices({ teacher, student }: Recipe): Promise<void> {
  for (const device of new Set([student.device, teacher?.device ?? 'cpu'])) {
    if (device === 'cpu') continue;
    const graph = writeOnnx({ y: neg(new Graph().input('x', 'float32', [1])) }, { weights: 'inputs' });
    await (await executorFor(device).compile(graph)).release();
  }
}
