import { describe, expect, it } from 'vitest';
import { writeOnnx, planRun } from '../../src-main/graph/onnx/write.ts';
import { workingBytes } from '../../src-main/graph/onnx/working-memory.ts';
import { add, exp, mul } from '../../src-main/graph/ops/elementwise.ts';
import { gatherRows } from '../../src-main/graph/ops/gather.ts';
import { loop } from '../../src-main/graph/ops/loop.ts';
import { addAt, distinct, placesOf, takeAt } from '../../src-main/graph/ops/routing.ts';
import { slice } from '../../src-main/graph/ops/layout.ts';
import { gradients } from '../../src-main/graph/gradient.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { float32 } from '../../src-main/runtime/tensor.ts';

const executor = ortExecutor('cpu', 1);
const int64 = (data: number[], shape: number[]) => ({ dtype: 'int64' as const, shape, data: BigInt64Array.from(data, BigInt) });

/** The loop of a graph that reads weights [3, 2], a state [2] and how often. */
function summing(graph: Graph) {
  const [weights, scale] = [graph.parameter('weights', [3, 2]), graph.input('scale', 'float32', [2])];
  // What does not depend on the round is computed once.
  const outside = mul(scale, 10);
  return loop(graph.input('count', 'int64', []), graph.input('state', 'float32', [2]), (at, state) => add(state, mul(gatherRows(weights, at), outside)));
}

describe('a loop', () => {
  it.each([[0, [1, 2]], [1, [11, 22]], [3, [91, 122]]])('of %i rounds', async (count, expected) => {
    const sum = summing(new Graph());
    const program = await executor.compile(writeOnnx({ sum }, { weights: 'inputs' }));
    const found = await program.run({
      weights: float32(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]), scale: float32(Float32Array.of(1, 1), [2]), state: float32(Float32Array.of(1, 2), [2]), count: int64([count], []),
    });
    expect([...found['sum']!.data as Float32Array]).toEqual(expected);
    await program.release();
  });

  it('is no path for gradients', () => {
    const graph = new Graph();
    const sum = summing(graph);
    expect(() => gradients(new Map([[sum, graph.input('up', 'float32', [2])]]), [graph.parameter('weights', [3, 2])])).toThrow('operator "loop" has no gradient');
  });

  it('takes in memory what a round takes, once', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [1000]);
    const value = loop(graph.input('count', 'int64', []), exp(x), (_, state) => add(exp(exp(state)), x));
    // What it begins with, what it ends with, and two results in between; the third lies where the first was.
    expect(workingBytes(planRun({ y: exp(value) }, { weights: 'inputs' }))).toBe(4 * 4000);
  });
});

it('rows are taken and added where a number stands', async () => {
  const graph = new Graph();
  const chosen = graph.input('chosen', 'int64', [3, 2]);
  const x = graph.input('x', 'float32', [3, 2]);
  const wanted = gatherRows(distinct(chosen), graph.constant('int64', [], BigInt64Array.of(1n)));
  const places = placesOf(chosen, wanted);
  const rows = slice(places, 1, 0, 1);
  const program = await executor.compile(writeOnnx({ sum: addAt(x, rows, mul(takeAt(x, rows), 10)) }, { weights: 'inputs' }));
  const found = await program.run({ chosen: int64([7, 4, 4, 9, 9, 7], [3, 2]), x: float32(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]) });
  expect([...found['sum']!.data as Float32Array]).toEqual([11, 22, 3, 4, 55, 66]);
  await program.release();
});
