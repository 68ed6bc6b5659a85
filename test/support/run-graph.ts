import { writeOnnx, type WriteOptions } from '../../src-main/graph/onnx/write.ts';
import type { Value } from '../../src-main/graph/value.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { float32, type Tensor } from '../../src-main/runtime/tensor.ts';

/** Runs a small graph once and gives its outputs as plain numbers. */
export async function runGraph(
  outputs: Readonly<Record<string, Value>>, inputs: Readonly<Record<string, Tensor>>, dialect: WriteOptions['dialect'] = 'onnxruntime',
): Promise<Record<string, number[]>> {
  const program = await ortExecutor('cpu', 1).compile(writeOnnx(outputs, { weights: 'inputs', dialect }), { optimize: 'none' });
  const results = await program.run(inputs);
  await program.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Array.from(data, Number)]));
}

/** Numbers without a pattern, the same for every seed, between -1 and 1. */
export function noise(shape: readonly number[], seed: number): Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return float32(Float32Array.from({ length: size }, (_, at) => Math.sin(12.9898 * (at + 1) + 78.233 * (seed + 1)) * 43758.5453 % 1), shape);
}
