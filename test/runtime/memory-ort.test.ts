import { InferenceSession, Tensor } from 'onnxruntime-node';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ParameterMemory } from '../../src-main/runtime/memory/parameter-memory.ts';

/** The graph: y = x w, gradient = before + x^T y. */
const model = fileURLToPath(new URL('../fixtures/optimizers/accumulate.onnx', import.meta.url));

describe('ONNX Runtime over a ParameterMemory', () => {
  const memory = new ParameterMemory([
    { name: 'x', regions: [{ name: 'value', shape: [3, 5] }] },
    { name: 'w', regions: [{ name: 'weights', shape: [5, 7] }, { name: 'gradients', shape: [5, 7] }] },
    { name: 'y', regions: [{ name: 'value', shape: [3, 7] }] },
  ]);
  const tensor = (name: string, region: string) => (
    new Tensor('float32', memory.view(name, region), memory.place(name, region).shape)
  );
  let session: InferenceSession;
  beforeAll(async () => { session = await InferenceSession.create(model); });
  afterAll(async () => { await session.release(); });

  it('reads inputs and writes preallocated outputs in place, also where both are one', async () => {
    const x = memory.view('x', 'value').map((_, i) => Math.sin(i));
    const w = memory.view('w', 'weights').map((_, i) => Math.cos(i));
    memory.view('x', 'value').set(x);
    memory.view('w', 'weights').set(w);
    const gradients = tensor('w', 'gradients');
    for (let microBatch = 1; microBatch <= 3; microBatch++) {
      const feeds = { x: tensor('x', 'value'), w: tensor('w', 'weights'), before: gradients };
      await session.run(feeds, { y: tensor('y', 'value'), gradient: gradients });
      const y = product(x, w, 3, 5, 7);
      expect(memory.view('y', 'value')).toEqual(near(y));
      expect(memory.view('w', 'gradients')).toEqual(near(product(transposed(x, 3, 5), y, 5, 3, 7).map((g) => g * microBatch)));
    }
    expect(memory.view('w', 'weights')).toEqual(w);
  });

  it('sees what was written to the memory since the tensor was made', async () => {
    const feeds = { x: tensor('x', 'value'), w: tensor('w', 'weights'), before: tensor('w', 'gradients') };
    const fetches = { y: tensor('y', 'value') };
    await session.run(feeds, fetches);
    const before = memory.view('y', 'value').slice();
    memory.view('w', 'weights').forEach((w, i, all) => { all[i] = 2 * w; });
    await session.run(feeds, fetches);
    expect(memory.view('y', 'value')).toEqual(before.map((y) => 2 * y));
  });
});

/** [n, k] times [k, m]. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, n: number, k: number, m: number): number[] {
  return Array.from({ length: n * m }, (_, at) => {
    const row = Math.floor(at / m);
    let sum = 0;
    for (let i = 0; i < k; i++) sum += a[row * k + i]! * b[i * m + (at % m)]!;
    return sum;
  });
}

function transposed(a: ArrayLike<number>, n: number, m: number): number[] {
  return Array.from({ length: n * m }, (_, at) => a[(at % n) * m + Math.floor(at / n)]!);
}

function near(expected: readonly number[]): unknown {
  return { asymmetricMatch: (got: Float32Array) => expected.length === got.length && expected.every((x, i) => Math.abs(x - got[i]!) < 1e-5) };
}
