import { COMPUTES_ON, computesOfCard, type Compute } from '../contract/compute.ts';
import type { Device } from '../contract/divergence.ts';
import { Problem } from '../contract/problem.ts';
import { writeOnnx } from '../graph/onnx/write.ts';
import { add } from '../graph/ops/elementwise.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { halfProducts, withHalfProducts } from '../graph/precision.ts';
import { Graph } from '../graph/value.ts';
import type { Executor } from '../runtime/program.ts';
import { float32 } from '../runtime/tensor.ts';

const SIZE = 8;

/**
 * Multiplies two small matrices as `train.compute` wants it.
 * @param capability  of a card of NVIDIA; null of everything else
 * @throws Problem where the device cannot, or comes to another result
 */
export async function tryProducts(executor: Executor, compute: Compute, capability: number | null): Promise<void> {
  refuseUnknown(executor.device, compute, capability);
  const graph = new Graph();
  const [a, b] = ['a', 'b'].map((name) => graph.input(name, 'float32', [SIZE, SIZE])) as [ReturnType<Graph['input']>, ReturnType<Graph['input']>];
  const halves = halfProducts(compute, executor.multipliesHalves);
  const outputs = { y: add(matmul(a, b), a) };
  const onnx = writeOnnx(halves ? withHalfProducts(outputs, halves) : outputs, { weights: 'inputs', dialect: executor.dialect });
  // Whole numbers that every kind of number has, and so have their products.
  const numbers = Float32Array.from({ length: SIZE * SIZE }, (_, at) => (at % 5) - 2);
  const ones = new Float32Array(SIZE * SIZE).fill(1);
  const sums = Array.from({ length: SIZE }, (_, row) => numbers.subarray(row * SIZE, (row + 1) * SIZE).reduce((sum, value) => sum + value, 0));
  const y = await computed(executor, compute, async () => {
    const program = await executor.compile(onnx, { optimize: 'none', allowsTf32: compute === 'tf32' });
    try {
      return (await program.run({ a: float32(numbers, [SIZE, SIZE]), b: float32(ones, [SIZE, SIZE]) }))['y']!.data as Float32Array;
    } finally {
      await program.release();
    }
  });
  if (y.every((value, at) => value === sums[Math.floor(at / SIZE)]! + numbers[at]!)) return;
  throw new Problem(`The device "${executor.device}" multiplies wrongly in ${compute}.`, { hint: 'Its driver may be mended by an update. Take train.compute "fp32".' });
}

async function computed<T>({ device }: Executor, compute: Compute, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (compute === 'fp32') throw cause;
    throw new Problem(`The device "${device}" does not multiply in ${compute}: this card or its driver has no such numbers.`, { hint: 'Take train.compute "fp32".', cause });
  }
}

/** @throws Problem where no device of its kind, or no card of its generation, has such products */
export function refuseUnknown(device: Device, compute: Compute, capability: number | null): void {
  const known = capability === null ? COMPUTES_ON[device] : computesOfCard(capability);
  if (known.includes(compute)) return;
  const what = capability === null ? `the device "${device}"` : `this card, which NVIDIA counts as ${capability.toFixed(1)},`;
  throw new Problem(`train.compute is ${compute}, and ${what} has no such products.`, { hint: `It has ${known.join(', ')}.` });
}
