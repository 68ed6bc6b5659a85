import { afterAll, expect, it } from 'vitest';
import { writeOnnx } from '../../src-main/graph/onnx/write.ts';
import { add, mul } from '../../src-main/graph/ops/elementwise.ts';
import { matmul } from '../../src-main/graph/ops/matmul.ts';
import { sum } from '../../src-main/graph/ops/reduce.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { nativeExecutor, standInExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import type { Executor, Program } from '../../src-main/runtime/program.ts';
import { float32, int32 } from '../../src-main/runtime/tensor.ts';
import { noise } from './run-graph.ts';

const programs: Program[] = [];
afterAll(() => Promise.all(programs.map((program) => program.release())));

/** w' = (w * 1) + rate * sum(w) * x y: a weight that a run changes in place once its sum is known, which is told. */
export async function walk(executor: Executor): Promise<Program> {
  const graph = new Graph();
  const w = graph.parameter('w', [4, 3]);
  const before = sum(w);
  const step = mul(matmul(graph.input('x', 'float32', [4, 2]), graph.input('y', 'float32', [2, 3])), mul(graph.input('rate', 'float32', []), before));
  const program = await executor.compile(writeOnnx({ before, 'new w': add(mul(w, graph.scalar(1)), step) }, { weights: 'inputs', dialect: executor.dialect }), { optimize: 'none' });
  programs.push(program);
  return program;
}

export const [X, Y, W] = [noise([4, 2], 1), noise([2, 3], 2), noise([4, 3], 3)] as const;

/** What the same steps are on the host. */
export async function onHost(steps: number): Promise<{ before: number[]; w: Float32Array }> {
  const program = await walk(nativeExecutor(1));
  const w = float32(Float32Array.from(W.data as Float32Array), [4, 3]);
  const before = float32(new Float32Array(1), []);
  const told: number[] = [];
  const bound = program.bind({ w, x: X, y: Y, rate: float32(Float32Array.of(0.1), []) }, { before, 'new w': w });
  for (let step = 0; step < steps; step++) {
    await bound.run();
    told.push((before.data as Float32Array)[0]!);
  }
  bound.release();
  return { before: told, w: w.data as Float32Array };
}

/** What every memory of a device promises. */
export function holds(executor: () => Executor): void {
  it('updates a tensor in place from run to run, and only what is asked for crosses', async () => {
    const memory = executor().memory!;
    const held = memory.bytes;
    const program = await walk(executor());
    const w = memory.make('float32', [4, 3]);
    const x = memory.make('float32', [4, 2]);
    expect([...memory.read(x).data as Float32Array]).toEqual(Array(8).fill(0));
    memory.write(w, W.data);
    memory.write(x, X.data);
    expect(memory.bytes - held).toBe((12 + 8) * 4);
    const before = float32(new Float32Array(1), []);
    const rate = float32(new Float32Array(1), []);
    const bound = program.bind({ w, x, y: Y, rate }, { before, 'new w': w });
    const start = { ...memory.crossed };
    const told: number[] = [];
    for (let step = 0; step < 5; step++) {
      // Read at each run, not once.
      (rate.data as Float32Array)[0] = 0.1;
      await bound.run();
      told.push((before.data as Float32Array)[0]!);
      (rate.data as Float32Array)[0] = NaN;
    }
    expect(memory.crossed).toEqual({ toDevice: start.toDevice + 5 * (6 + 1) * 4, toHost: start.toHost + 5 * 4 });
    const wanted = await onHost(5);
    told.forEach((value, at) => expect(value).toBeCloseTo(wanted.before[at]!, 5));
    (memory.read(w).data as Float32Array).forEach((value, at) => expect(value).toBeCloseTo(wanted.w[at]!, 5));
    bound.release();
    for (const tensor of [w, x]) memory.release(tensor);
    expect(memory.bytes).toBe(held);
  });

  it('sees the beginning of a tensor in another shape, in the same place', () => {
    const memory = executor().memory!;
    const held = memory.bytes;
    const ids = memory.make('int32', [6]);
    const first = memory.view(ids, [2, 2]);
    memory.write(ids, Int32Array.of(1, 2, 3, 4, 5, 6));
    expect(memory.read(first)).toEqual(int32(Int32Array.of(1, 2, 3, 4), [2, 2]));
    memory.write(first, Int32Array.of(9, 8, 7, 6));
    expect([...memory.read(ids).data as Int32Array]).toEqual([9, 8, 7, 6, 5, 6]);
    expect(() => memory.view(ids, [7])).toThrow('no view');
    const other = memory.make('int32', [6]);
    memory.copy(ids, other);
    expect(memory.read(other).data).toEqual(memory.read(ids).data);
    for (const tensor of [first, ids, other]) memory.release(tensor);
    expect(memory.bytes).toBe(held);
  });

  it('refuses a tensor after its release, of another memory and of another size', async () => {
    const memory = executor().memory!;
    const tensor = memory.make('float32', [2]);
    expect(() => { memory.write(tensor, new Float32Array(3)); }).toThrow('12 bytes for a tensor of 8');
    expect(() => standInExecutor(1).memory!.read(tensor)).toThrow('another memory');
    const program = await walk(executor());
    memory.release(tensor);
    memory.release(tensor);
    expect(() => memory.read(tensor)).toThrow('after its release');
    expect(() => program.bind({ w: tensor, x: X, y: Y, rate: float32(new Float32Array(1), []) }, {})).toThrow('after its release');
    await expect(walk(nativeExecutor(1)).then((host) => host.bind({ w: memory.make('float32', [4, 3]), x: X, y: Y, rate: X }, {}))).rejects.toThrow('program of the host');
  });

  it('gives back what 500 runs have taken', async () => {
    const { memory } = executor();
    const program = await walk(executor());
    const step = async (): Promise<void> => {
      const w = memory!.make('float32', [4, 3]);
      const bound = program.bind({ w, x: X, y: Y, rate: float32(new Float32Array(1), []) }, { before: float32(new Float32Array(1), []), 'new w': w });
      await bound.run();
      bound.release();
      memory!.release(w);
    };
    for (let at = 0; at < 50; at++) await step();
    const early = memory!.bytes;
    for (let at = 50; at < 500; at++) await step();
    expect(memory!.bytes).toBe(early);
  });
}
