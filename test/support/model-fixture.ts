import { openModel } from '../../src-main/model/folder.ts';
import { listParameters } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { float32 } from '../../src-main/runtime/tensor.ts';
import type { HostWeights } from '../../src-main/runtime/weights.ts';

/** A model that Transformers has saved, as the tests use it. */
export async function loadFixture(path: string): Promise<{ config: ModelConfig; weights: HostWeights }> {
  const folder = await openModel(path);
  const weights: Record<string, ReturnType<typeof float32>> = {};
  await folder.readWeights((name, shape) => {
    const data = new Float32Array(shape.reduce((size, dim) => size * dim, 1));
    weights[name] = float32(data, shape);
    return data;
  }, listParameters(folder.config));
  return { config: folder.config, weights };
}
