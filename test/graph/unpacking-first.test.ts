import { expect, it } from 'vitest';
import { readOnnx } from '../../src-main/graph/onnx/read.ts';
import { writeOnnx } from '../../src-main/graph/onnx/write.ts';
import { relu } from '../../src-main/graph/ops/elementwise.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { stored } from '../../src-main/nn/weights/stored.ts';

// ONNX Runtime computes what a node reads from the last in the list to the first: what has the activations must come after.
it('writes what unpacks weights before all that computes with activations', () => {
  const graph = new Graph();
  let x = graph.input('x', 'float32', [1, 256]);
  for (const name of ['a', 'b', 'c']) {
    x = relu(stored({ encoding: 'Q4_K', rows: 256, width: 256, of: 'outputs', pairedHeads: null, joinedHeads: null }).multiply(x, { name, shape: [256, 256], layout: 'out-in' }));
  }
  const { graph: { node } } = readOnnx(writeOnnx({ y: x }, { weights: 'inputs' }).bytes);
  const withActivations = new Set(['x']);
  const kinds = node.map(({ input, output }) => {
    const reads = input.some((name) => withActivations.has(name));
    if (reads) output.forEach((name) => withActivations.add(name));
    return reads;
  });
  const begin = kinds.indexOf(true);
  expect(begin).toBeGreaterThan(30);
  expect(kinds.slice(begin).every(Boolean)).toBe(true);
});
