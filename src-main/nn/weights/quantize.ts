import { INT8_ZERO } from '../../graph/ops/quantized.ts';
import { INT4_BLOCK } from './int4.ts';
import { sides, type Matrix } from './weight-format.ts';

export interface QuantizedMatrix { integers: Uint8Array; scales: Float32Array }

/** Eight bits, symmetric about 128, a scale for each output: integers [in, out], scales [out]. */
export function quantizeInt8(weights: Float32Array, matrix: Matrix): QuantizedMatrix {
  const { inputs, outputs, at } = reader(weights, matrix);
  const integers = new Uint8Array(inputs * outputs);
  const scales = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    let largest = 0;
    for (let input = 0; input < inputs; input++) largest = Math.max(largest, Math.abs(at(input, output)));
    const scale = Math.fround(largest / 127) || 1;
    scales[output] = scale;
    for (let input = 0; input < inputs; input++) integers[input * outputs + output] = Math.round(at(input, output) / scale) + INT8_ZERO;
  }
  return { integers, scales };
}

/**
 * Four bits in blocks of inputs: integers [out, blocks, block / 2], scales [out * blocks]. The element of largest size
 * in a block becomes -8 steps from zero, the one end of the range that has no mirror image.
 */
export function quantizeInt4(weights: Float32Array, matrix: Matrix): QuantizedMatrix {
  const { inputs, outputs, at } = reader(weights, matrix);
  const blocks = Math.ceil(inputs / INT4_BLOCK);
  // Past the last input stands zero, which is 8.
  const integers = new Uint8Array((outputs * blocks * INT4_BLOCK) / 2).fill(0x88);
  const scales = new Float32Array(outputs * blocks);
  for (let output = 0; output < outputs; output++) {
    for (let block = 0; block < blocks; block++) {
      const [from, to] = [block * INT4_BLOCK, Math.min((block + 1) * INT4_BLOCK, inputs)];
      let extreme = 0;
      for (let input = from; input < to; input++) if (Math.abs(at(input, output)) > Math.abs(extreme)) extreme = at(input, output);
      const scale = Math.fround(extreme / -8) || 1;
      const place = output * blocks + block;
      scales[place] = scale;
      for (let input = from; input < to; input++) {
        const integer = Math.min(15, Math.max(0, Math.round(at(input, output) / scale) + 8));
        const byte = place * (INT4_BLOCK / 2) + ((input - from) >> 1);
        integers[byte] = (input - from) % 2 === 0 ? (integers[byte]! & 0xf0) | integer : (integers[byte]! & 0x0f) | (integer << 4);
      }
    }
  }
  return { integers, scales };
}

function reader(weights: Float32Array, matrix: Matrix): { inputs: number; outputs: number; at(input: number, output: number): number } {
  const { inputs, outputs } = sides(matrix);
  const at = matrix.layout === 'in-out'
    ? (input: number, output: number): number => weights[input * outputs + output]!
    : (input: number, output: number): number => weights[output * inputs + input]!;
  return { inputs, outputs, at };
}
