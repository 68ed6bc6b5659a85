import { BLOCK_FORMATS } from '../../model/gguf/dequantize/types.ts';
import { bytesOf, tensorFormat } from '../../model/gguf/quantize/types.ts';
import type { WrittenGrid } from '../../nn/weights/shipped.ts';
import { sides, type Matrix } from '../../nn/weights/weight-format.ts';

/** Elements that are rounded at once, at most, but for a row that has more. */
const MOST = 2 ** 16;

/** Rounds a matrix as its GGUF file is written and read back, by that very code. */
export function roundAsWritten(grid: WrittenGrid, matrix: Matrix, exact: Float32Array, rounded: Float32Array): void {
  const { inputs, outputs } = sides(matrix);
  const { encode } = tensorFormat(grid);
  const atOnce = Math.max(1, Math.floor(MOST / inputs));
  const rows = matrix.layout === 'out-in' ? null : new Float32Array(inputs);
  const bytes = new Uint8Array(bytesOf(grid, (rows ? 1 : Math.min(atOnce, outputs)) * inputs));
  const one = (from: Float32Array, to: Float32Array): void => {
    const used = bytes.subarray(0, bytesOf(grid, from.length));
    encode(from, used, inputs, null);
    BLOCK_FORMATS[grid]!.decode(used, to);
  };
  if (!rows) {
    for (let first = 0; first < outputs; first += atOnce) {
      const [start, end] = [first * inputs, Math.min(first + atOnce, outputs) * inputs];
      one(exact.subarray(start, end), rounded.subarray(start, end));
    }
    return;
  }
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) rows[input] = exact[input * outputs + output]!;
    one(rows, rows);
    for (let input = 0; input < inputs; input++) rounded[input * outputs + output] = rows[input]!;
  }
}
