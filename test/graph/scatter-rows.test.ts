import { describe, expect, it } from 'vitest';
import { gradients } from '../../src-main/graph/gradient.ts';
import { planRun, writeOnnx } from '../../src-main/graph/onnx/write.ts';
import { workingBytes } from '../../src-main/graph/onnx/working-memory.ts';
import { gatherRows } from '../../src-main/graph/ops/gather.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { nativeExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import { float32, int32 } from '../../src-main/runtime/tensor.ts';

const WIDTH = 2;

function outputsOf(rows: number, count: number): Parameters<typeof writeOnnx>[0] {
  const graph = new Graph();
  const table = graph.input('table', 'float32', [rows, WIDTH]);
  const looked = gatherRows(table, graph.input('ids', 'int32', [count]));
  const [gradient] = gradients(new Map([[looked, graph.input('up', 'float32', [count, WIDTH])]]), [table]);
  return { gradient: gradient! };
}

/** Whole numbers, whose sums are the same in every order. */
async function expectSums(rows: number, count: number): Promise<void> {
  const ids = Int32Array.from({ length: count }, (_, at) => (at * 7919 + (at >> 3)) % rows);
  const up = Float32Array.from({ length: count * WIDTH }, (_, at) => (at * 31) % 17);
  const wanted = new Float32Array(rows * WIDTH);
  ids.forEach((id, at) => { for (let column = 0; column < WIDTH; column++) wanted[id * WIDTH + column]! += up[at * WIDTH + column]!; });
  const program = await nativeExecutor(1).compile(writeOnnx(outputsOf(rows, count), { weights: 'inputs', dialect: 'webgpu' }), { optimize: 'none' });
  const { gradient } = await program.run({ ids: int32(ids, [count]), up: float32(up, [count, WIDTH]) });
  await program.release();
  expect(gradient!.data).toEqual(wanted);
}

describe('what flows back to a table, without adding in place,', () => {
  it.each([
    ['a table of fewer rows than ids', 5, 300], ['one of more', 900, 300], ['one of as many', 300, 300],
    ['few rows and so many ids that they come in pieces', 30, 200_000], ['many rows in pieces', 9000, 4000],
  ])('is the sum of the rows of each id: %s', (_, rows, count) => expectSums(rows, count));

  it('takes memory that grows with the ids, not with their square', () => {
    const bytes = (count: number): number => workingBytes(planRun(outputsOf(100_000, count), { weights: 'inputs', dialect: 'webgpu' }));
    expect(bytes(32_768)).toBeLessThan(3 * bytes(8192));
    // The distances of a T5 of 512 tokens.
    expect(workingBytes(planRun(outputsOf(32, 512 * 512), { weights: 'inputs', dialect: 'webgpu' }))).toBeLessThan(2 ** 26);
  });
});
