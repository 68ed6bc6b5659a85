import { expect, it } from 'vitest';
import { writeOnnx } from '../../../src-main/graph/onnx/write.ts';
import { addAt } from '../../../src-main/graph/ops/routing.ts';
import { cumulativeSum } from '../../../src-main/graph/ops/cumulative-sum.ts';
import { causalMask, distances, lengthAlong } from '../../../src-main/graph/ops/distances.ts';
import { equal, greaterOrEqual, less, mul, where } from '../../../src-main/graph/ops/elementwise.ts';
import { gatherElements, placeAt, subtractAt } from '../../../src-main/graph/ops/gather.ts';
import { keepMask } from '../../../src-main/graph/ops/keep-mask.ts';
import { cast, dropFirst, slice } from '../../../src-main/graph/ops/layout.ts';
import { lastStates } from '../../../src-main/graph/ops/look-back.ts';
import { argMax, sum } from '../../../src-main/graph/ops/reduce.ts';
import { topK } from '../../../src-main/graph/ops/top-k.ts';
import { Graph, type Value } from '../../../src-main/graph/value.ts';
import { ortExecutor } from '../../../src-main/runtime/ort/executor.ts';
import type { Executor } from '../../../src-main/runtime/program.ts';
import type { Tensor } from '../../../src-main/runtime/tensor.ts';
import { tfjsExecutor } from '../../../src-main/runtime/tfjs/executor.ts';
import { requireTfjs } from '../../../src-main/runtime/tfjs/find-tfjs.ts';
import { expectClose } from '../../support/close.ts';
import { differentiated, OPERATOR_CASES } from '../../support/operator-cases.ts';
import { noise } from '../../support/run-graph.ts';
import { requires } from '../../support/requires.ts';

type Outputs = Readonly<Record<string, Value>>;
type Feeds = Readonly<Record<string, Tensor>>;

async function run(executor: Executor, outputs: Outputs, feeds: Feeds): Promise<Record<string, Tensor>> {
  const program = await executor.compile(writeOnnx(outputs, { weights: 'inputs' }), { optimize: 'none' });
  const found = await program.run(feeds);
  await program.release();
  return found;
}

async function expectAlike(outputs: Outputs, feeds: Feeds): Promise<void> {
  const [found, wanted] = [await run(tfjsExecutor(1), outputs, feeds), await run(ortExecutor('cpu', 1), outputs, feeds)];
  for (const [name, { dtype, shape, data }] of Object.entries(wanted)) {
    expect({ dtype: found[name]!.dtype, shape: found[name]!.shape }, name).toEqual({ dtype, shape });
    expectClose(Array.from(found[name]!.data, Number), Array.from(data, Number), 1e-5, { name, least: 1e-3 });
  }
}

requires('tfjs')('operators on TensorFlow.js', () => {
  it.each(OPERATOR_CASES)('have the results and gradients of ONNX Runtime: $name', async (one) => {
    const { outputs, feeds } = differentiated(one);
    await expectAlike(outputs, feeds);
  });

  it('choose, count and cut as there', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [4, 7]);
    const count = graph.input('count', 'int64', []);
    const { values, indices } = topK(x, 3);
    const long = graph.input('long', 'int64', [4, 7]);
    const places = graph.constant('int32', [4, 2], Int32Array.of(6, 0, 1, 2, 3, 3, 5, 4));
    await expectAlike({
      values, indices, largest: argMax(x, 1), first: argMax(x, 0), running: cumulativeSum(x, 1),
      rest: sum(dropFirst(x, 1, count, 'rest'), [1]), middle: slice(long, 1, 2, 5), whole: cast(mul(x, 10), 'int32'), flags: cast(less(x, 0), 'float32'),
      chosen: where(greaterOrEqual(long, 3), x, mul(x, -1)), same: cast(equal(long, 3), 'int64'),
      at: gatherElements(x, places), less: subtractAt(x, places, gatherElements(mul(x, 2), places)), placed: placeAt(x, indices, mul(values, 3)),
      between: distances(lengthAlong(x, 0), lengthAlong(x, 1), 2), mask: causalMask(lengthAlong(x, 0), lengthAlong(x, 1), -5),
      added: addAt(x, graph.constant('int64', [2, 1], BigInt64Array.of(3n, 1n)), slice(mul(x, 5), 0, 0, 2)),
    }, { x: noise([4, 7], 1), count: { dtype: 'int64', shape: [], data: BigInt64Array.of(2n) }, long: { dtype: 'int64', shape: [4, 7], data: BigInt64Array.from({ length: 28 }, (_, at) => BigInt(at % 6)) } });
  });

  it('remember the last states of rows of different lengths', async () => {
    const graph = new Graph();
    const [x, before] = [graph.input('x', 'float32', [2, 5, 3]), graph.input('before', 'float32', [2, 2, 3])];
    const counts = graph.constant('int64', [2], BigInt64Array.of(1n, 4n));
    await expectAlike({ some: lastStates(x, before, counts), all: lastStates(x, before, null) }, { x: noise([2, 5, 3], 1), before: noise([2, 2, 3], 2) });
  });

  it('are refused by name where there is no kernel, before anything is computed', async () => {
    const graph = new Graph();
    const [rows, columns] = [graph.input('rows', 'int64', [3, 1]), graph.input('columns', 'int64', [4])];
    const before = requireTfjs(1).memory().numTensors;
    await expect(run(tfjsExecutor(1), { y: keepMask(rows, columns, { factor: 3, share: 0.5, use: '' }) }, {}))
      .rejects.toThrow('The device "tfjs" has no kernel for the operator BitwiseAnd, which this model or method needs.');
    expect(requireTfjs(1).memory().numTensors).toBe(before);
  });
});
