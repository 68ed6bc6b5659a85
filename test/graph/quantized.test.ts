import { expect, it } from 'vitest';
import { quantizeInt8 } from '../../src-main/nn/weights/quantize.ts';
import { int8Product, INT8_ZERO } from '../../src-main/graph/ops/quantized.ts';
import { writeOnnx } from '../../src-main/graph/onnx/write.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { float32, tensorOf } from '../../src-main/runtime/tensor.ts';
import { runGraph } from '../support/run-graph.ts';

const [INPUTS, OUTPUTS] = [64, 8];

function productGraph(): { graph: Graph; y: ReturnType<typeof int8Product> } {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [1, INPUTS]);
  return { graph, y: int8Product(x, graph.parameter('w', [INPUTS, OUTPUTS], 'uint8'), graph.parameter('scales', [OUTPUTS])) };
}

// 255 * 127 twice is more than 16 bits hold: a CPU that adds signed byte products in 16 bits would cut this sum off.
it('multiplies bytes at the end of their range as exactly on any CPU', async () => {
  const weights = new Float32Array(INPUTS * OUTPUTS).fill(1);
  const { integers, scales } = quantizeInt8(weights, { name: 'w', shape: [INPUTS, OUTPUTS], layout: 'in-out' });
  expect([...new Set(integers)]).toEqual([INT8_ZERO + 127]);
  const { y } = await runGraph({ y: productGraph().y }, {
    x: float32(new Float32Array(INPUTS).fill(1), [1, INPUTS]), w: tensorOf('uint8', [INPUTS, OUTPUTS], integers), scales: float32(scales, [OUTPUTS]),
  });
  for (const value of y!) expect(value).toBeCloseTo(INPUTS, 3);
});

it('has unsigned bytes on both sides, with their zero', () => {
  const { parameters } = writeOnnx({ y: productGraph().y }, { weights: 'inputs', dialect: 'onnx' });
  expect(parameters.find(({ name }) => name === 'w')!.dtype).toBe('uint8');
});
