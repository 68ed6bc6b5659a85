import { INT8_ZERO } from '../../graph/ops/quantized.ts';
import { INT4_BLOCK } from './int4.ts';
import { sides, type Matrix } from './weight-format.ts';

export interface QuantizedMatrix { integers: Uint8Array; scales: Float32Array }

/** What quantizes a matrix by some of its outputs after others. */
export interface Quantizer {
  readonly result: QuantizedMatrix;
  /** Adds all inputs of the outputs from `first` on: rows of a matrix that is [out, in], or the whole of one that is not. */
  add(weights: Float32Array, first: number): void;
}

/** Eight bits, symmetric about 128, a scale for each output: integers [in, out], scales [out]. */
export function quantizeInt8(weights: Float32Array, matrix: Matrix): QuantizedMatrix {
  return whole(int8Quantizer(matrix), weights);
}

export function int8Quantizer(matrix: Matrix): Quantizer {
  const { inputs, outputs } = sides(matrix);
  const integers = new Uint8Array(inputs * outputs);
  const scales = new Float32Array(outputs);
  return {
    result: { integers, scales },
    add(weights, first) {
      const { count, ofOutput, ofInput } = steps(weights, matrix);
      for (let row = 0, output = first; row < count; row++, output++) {
        const start = row * ofOutput;
        let largest = 0;
        for (let input = 0; input < inputs; input++) largest = Math.max(largest, Math.abs(weights[start + input * ofInput]!));
        const scale = Math.fround(largest / 127) || 1;
        scales[output] = scale;
        for (let input = 0; input < inputs; input++) integers[input * outputs + output] = Math.round(weights[start + input * ofInput]! / scale) + INT8_ZERO;
      }
    },
  };
}

/**
 * Four bits in blocks of inputs: integers [out, blocks, block / 2], scales [out * blocks]. The element of largest size
 * in a block becomes -8 steps from zero, the one end of the range that has no mirror image.
 */
export function quantizeInt4(weights: Float32Array, matrix: Matrix): QuantizedMatrix {
  return whole(int4Quantizer(matrix), weights);
}

export function int4Quantizer(matrix: Matrix): Quantizer {
  const { inputs, outputs } = sides(matrix);
  const blocks = Math.ceil(inputs / INT4_BLOCK);
  // Past the last input stands zero, which is 8.
  const integers = new Uint8Array((outputs * blocks * INT4_BLOCK) / 2).fill(0x88);
  const scales = new Float32Array(outputs * blocks);
  return {
    result: { integers, scales },
    add(weights, first) {
      const { count, ofOutput, ofInput } = steps(weights, matrix);
      for (let row = 0; row < count; row++) {
        const at = (input: number): number => weights[row * ofOutput + input * ofInput]!;
        for (let block = 0; block < blocks; block++) {
          const [from, to] = [block * INT4_BLOCK, Math.min((block + 1) * INT4_BLOCK, inputs)];
          let extreme = 0;
          for (let input = from; input < to; input++) if (Math.abs(at(input)) > Math.abs(extreme)) extreme = at(input);
          const scale = Math.fround(extreme / -8) || 1;
          const place = (first + row) * blocks + block;
          scales[place] = scale;
          for (let input = from; input < to; input++) {
            const integer = Math.min(15, Math.max(0, Math.round(at(input) / scale) + 8));
            const byte = place * (INT4_BLOCK / 2) + ((input - from) >> 1);
            integers[byte] = (input - from) % 2 === 0 ? (integers[byte]! & 0xf0) | integer : (integers[byte]! & 0x0f) | (integer << 4);
          }
        }
      }
    },
  };
}

/** Unsigned integers about 128 as signed ones about zero, where they lie. */
export function withSigns(integers: Uint8Array): Uint8Array {
  // The highest bit turned over, four bytes at a time where they lie so.
  const words = new Uint32Array(integers.buffer, integers.byteOffset, integers.length >> 2);
  for (let at = 0; at < words.length; at++) words[at]! ^= 0x80808080;
  for (let at = words.length << 2; at < integers.length; at++) integers[at]! ^= INT8_ZERO;
  return integers;
}

/** For each output the step in which the largest element that its blocks' scales allow is 127 of them, or -127. */
export function int4Columns(scales: Float32Array, outputs: number): Float32Array {
  const blocks = scales.length / outputs;
  return Float32Array.from({ length: outputs }, (_, output) => (
    8 * scales.subarray(output * blocks, (output + 1) * blocks).reduce((largest, scale) => Math.max(largest, Math.abs(scale)), 0) / 127));
}

function whole(quantizer: Quantizer, weights: Float32Array): QuantizedMatrix {
  quantizer.add(weights, 0);
  return quantizer.result;
}

/** How many outputs there are in a matrix or in rows of it, and how far apart outputs and inputs lie. */
function steps(weights: Float32Array, matrix: Matrix): { count: number; ofOutput: number; ofInput: number } {
  const { inputs, outputs } = sides(matrix);
  return matrix.layout === 'in-out' ? { count: outputs, ofOutput: 1, ofInput: outputs } : { count: weights.length / inputs, ofOutput: inputs, ofInput: 1 };
}
