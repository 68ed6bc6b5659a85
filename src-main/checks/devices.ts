import { writeOnnx } from '../graph/onnx/write.ts';
import { neg } from '../graph/ops/elementwise.ts';
import { Graph } from '../graph/value.ts';
import { executorFor } from '../model/load-model.ts';
import { check } from './check.ts';

/** The devices that the run's own models compute on are there: each is tried on a graph of one node. */
export const devices = check('device', ['recipe', 'teacher'], async ({ recipe, teacher }) => {
  for (const device of new Set([recipe.student.device, teacher && recipe.teacher ? recipe.teacher.device : 'cpu'])) {
    if (device === 'cpu') continue;
    const graph = writeOnnx({ y: neg(new Graph().input('x', 'float32', [1])) }, { weights: 'inputs' });
    await (await executorFor(device).compile(graph)).release();
  }
});
