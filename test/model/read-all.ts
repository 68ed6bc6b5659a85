import type { ModelFiles } from '../../src-main/model/model-files.ts';
import { listParameters } from '../../src-main/nn/build.ts';

/** Every weight of a folder, in memory of its own. */
export async function readAll(folder: ModelFiles): Promise<Record<string, Float32Array>> {
  const weights: Record<string, Float32Array> = {};
  await folder.readWeights((name, shape) => (weights[name] = new Float32Array(shape.reduce((a, b) => a * b, 1))), listParameters(folder.config));
  return weights;
}
