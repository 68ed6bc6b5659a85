import { expect, it } from 'vitest';
import { gradients } from '../../src-main/graph/gradient.ts';
import { int4Columns, quantizeInt4, quantizeInt8, withSigns } from '../../src-main/nn/weights/quantize.ts';
import { columnsName, INT4, SIGNED_INT4 } from '../../src-main/nn/weights/int4.ts';
import { integersName, scalesName } from '../../src-main/nn/weights/int8.ts';
import type { Matrix, WeightFormat } from '../../src-main/nn/weights/weight-format.ts';
import { int8Product, INT8_ZERO } from '../../src-main/graph/ops/quantized.ts';
import { writeOnnx } from '../../src-main/graph/onnx/write.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { float32, tensorOf } from '../../src-main/runtime/tensor.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { noise, runGraph } from '../support/run-graph.ts';

/** Whether this processor multiplies signed bytes exactly, so that frozen models are kept in them. */
const { signsBytes } = ortExecutor('cpu');

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

it.runIf(signsBytes)('multiplies signed bytes to the same bits as unsigned ones', async () => {
  const [rows, inputs, outputs] = [37, 75, 50];
  const matrix = { name: 'w', shape: [outputs, inputs], layout: 'out-in' } as const;
  const { integers, scales } = quantizeInt8(noise([outputs, inputs], 1).data as Float32Array, matrix);
  const product = async (dtype: 'uint8' | 'int8'): Promise<number[]> => {
    const graph = new Graph();
    const y = int8Product(graph.input('x', 'float32', [rows, inputs]), graph.parameter('w', [inputs, outputs], dtype), graph.parameter('scales', [outputs]));
    const bytes = dtype === 'int8' ? withSigns(integers.slice()) : integers;
    return (await runGraph({ y }, { x: noise([rows, inputs], 2), w: tensorOf(dtype, [inputs, outputs], bytes), scales: float32(scales, [outputs]) })).y!;
  };
  expect(await product('int8')).toEqual(await product('uint8'));
});

it('turns the highest bit of bytes over, however many', () => {
  for (const length of [1, 4, 7, 9]) {
    const bytes = Uint8Array.from({ length }, (_, at) => 120 + 3 * at);
    expect([...withSigns(bytes.slice())]).toEqual([...bytes].map((byte) => byte ^ INT8_ZERO));
  }
});

it.runIf(signsBytes)('counts 4-bit integers in signed bytes for many rows, and what flows back is exact', async () => {
  // The last block of a row is not full, and there are pieces of the matrix.
  const [rows, inputs, outputs] = [3, 1000, 4300];
  const matrix: Matrix = { name: 'w', shape: [outputs, inputs], layout: 'out-in' };
  const { integers, scales } = quantizeInt4(noise([outputs, inputs], 3).data as Float32Array, matrix);
  const x = noise([rows, inputs], 4);
  const run = (format: WeightFormat): Promise<Record<string, number[]>> => {
    const graph = new Graph();
    const input = graph.input('x', 'float32', [rows, inputs]);
    const y = format.multiply(input, matrix);
    const [dx] = gradients(new Map([[y, graph.input('up', 'float32', [rows, outputs])]]), [input]);
    return runGraph({ y, dx: dx! }, {
      x, up: noise([rows, outputs], 5),
      [integersName('w')]: tensorOf('uint8', [outputs, Math.ceil(inputs / 32), 16], integers), [scalesName('w')]: float32(scales, [scales.length]),
      ...(format === SIGNED_INT4 && { [columnsName('w')]: float32(int4Columns(scales, outputs), [outputs]) }),
    });
  };
  const [near, wanted] = [await run(SIGNED_INT4), await run(INT4)];
  expect(near.dx).toEqual(wanted.dx);
  const elements = dequantized(integers, scales, inputs, outputs);
  const exact = Array.from({ length: rows * outputs }, (_, at) => {
    const [row, output] = [Math.floor(at / outputs), at % outputs];
    let sum = 0;
    for (let input = 0; input < inputs; input++) sum += (x.data[row * inputs + input] as number) * elements[output * inputs + input]!;
    return sum;
  });
  expect(Math.hypot(...near.y!.map((value, at) => value - exact[at]!)) / Math.hypot(...exact)).toBeLessThan(0.012);
});

function dequantized(integers: Uint8Array, scales: Float32Array, inputs: number, outputs: number): Float32Array {
  const blocks = Math.ceil(inputs / 32);
  return Float32Array.from({ length: outputs * inputs }, (_, at) => {
    const [output, input] = [Math.floor(at / inputs), at % inputs];
    const byte = integers[(output * blocks * 32 + input) >> 1]!;
    return ((input % 2 === 0 ? byte & 15 : byte >> 4) - 8) * scales[output * blocks + (input >> 5)]!;
  });
}
