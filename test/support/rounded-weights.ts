import { decodeFloats, encodeFloats } from '../../src-main/model/float-formats.ts';
import { buildDecoder, listMatrices, listParameters } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { INT8_ZERO } from '../../src-main/graph/ops/quantized.ts';
import { INT4_BLOCK } from '../../src-main/nn/weights/int4.ts';
import { quantizeInt4, quantizeInt8 } from '../../src-main/nn/weights/quantize.ts';
import { sides, type Matrix } from '../../src-main/nn/weights/weight-format.ts';
import { float32 } from '../../src-main/runtime/tensor.ts';
import type { HostWeights } from '../../src-main/runtime/weights.ts';

/** The numbers that a model's weights stand for where it is kept in integers: matrices dequantized, tables and the output layer rounded to float16. */
export function roundedWeights(config: ModelConfig, weights: HostWeights, precision: 'int8' | 'int4'): HostWeights {
  const { outputLayer, tables } = buildDecoder(config);
  const [matrices, halves] = [new Map(listMatrices(config).map((matrix) => [matrix.name, matrix])), new Set([outputLayer.name, ...tables.map(({ name }) => name)])];
  return Object.fromEntries(listParameters(config).map(({ name, shape }) => {
    const data = weights[name]!.data as Float32Array;
    const matrix = matrices.get(name);
    if (matrix && name !== outputLayer.name) return [name, float32(dequantized(data, matrix, precision), shape)];
    return [name, float32(halves.has(name) ? halved(data) : data, shape)];
  }));
}

function halved(data: Float32Array): Float32Array {
  const out = new Float32Array(data.length);
  decodeFloats('F16', encodeFloats('F16', data), out);
  return out;
}

function dequantized(data: Float32Array, matrix: Matrix, precision: 'int8' | 'int4'): Float32Array {
  const { inputs, outputs } = sides(matrix);
  const { integers, scales } = precision === 'int8' ? quantizeInt8(data, matrix) : quantizeInt4(data, matrix);
  const blocks = Math.ceil(inputs / INT4_BLOCK);
  const number = (output: number, input: number): number => {
    if (precision === 'int8') return (integers[input * outputs + output]! - INT8_ZERO) * scales[output]!;
    const block = output * blocks + Math.floor(input / INT4_BLOCK);
    const byte = integers[block * (INT4_BLOCK / 2) + ((input % INT4_BLOCK) >> 1)]!;
    return ((input % 2 === 0 ? byte & 15 : byte >> 4) - 8) * scales[block]!;
  };
  return Float32Array.from(data, (_, at) => (matrix.layout === 'in-out' ? number(at % outputs, Math.floor(at / outputs)) : number(Math.floor(at / inputs), at % inputs)));
}
