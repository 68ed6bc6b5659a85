import { dimAt, staticDim } from '../shape.ts';
import { apply, type Operator, type Value } from '../value.ts';
import { made, MICROSOFT } from '../onnx/node-writer.ts';
import { and, shiftRight } from './bits.ts';
import { div, mul, round, sub } from './elementwise.ts';
import { cast, concat, reshape, slice, transpose } from './layout.ts';
import { matmul } from './matmul.ts';

/** The unsigned 8-bit integer that stands for zero. */
export const INT8_ZERO = 128;

const zeroOf = ({ dtype }: Value): number => (dtype === 'int8' ? 0 : INT8_ZERO);

const int8Operator: Operator = {
  name: 'int8Product',
  infer: ([x, weight]) => [{ dtype: 'float32', shape: [...x!.shape.slice(0, -1), dimAt(weight!.shape, 1)] }],
  emit: ({ inputs, outputs }, writer) => {
    const [x, weight, scales] = inputs as [Value, Value, Value];
    if (weight.dtype === 'int8') {
      writer.node('DynamicQuantizeMatMul', inputs, outputs, {}, MICROSOFT);
      return;
    }
    if (writer.dialect === 'webgpu') {
      // It multiplies no integers, so x stays as it is.
      const centred = made(writer, 'Sub', [made(writer, 'Cast', [weight], { to: 1 }), writer.constant('float32', [], Float32Array.of(INT8_ZERO))]);
      writer.node('Mul', [made(writer, 'MatMul', [x, centred]), scales], outputs);
      return;
    }
    const names = Array.from({ length: 6 }, () => writer.temporary());
    const [quantized, scale, zero, product, real, both] = names as [string, string, string, string, string, string];
    writer.node('DynamicQuantizeLinear', [x], [quantized, scale, zero]);
    // Unsigned on both sides: with signed weights, CPUs without dot products of bytes (VNNI) add pairs of products in 16
    // bits and cut them off, and the same file would say something else there.
    const middle = writer.constant('uint8', [], Uint8Array.of(INT8_ZERO));
    writer.node('MatMulInteger', [quantized, weight, zero, middle], [product]);
    writer.node('Cast', [product], [real], { to: 1 });
    writer.node('Mul', [scale, scales], [both]);
    writer.node('Mul', [real, both], outputs);
  },
  gradient: ({ inputs: [, weight, scales] }, [up]) => [matmul(mul(up!, scales!), sub(cast(weight!, 'float32'), zeroOf(weight!)), { transB: true }), null, null],
};

/**
 * x times a matrix of 8-bit integers; x is quantized while the graph runs. What flows back is that of an exact product.
 *
 * @param weight  [in, out], uint8, for which 128 stands for zero; or int8, for the same numbers in a half of the time
 *                where the processor does not cut sums off (`Executor.signsBytes`)
 * @param scales  [out]: what an integer of a column is worth
 */
export function int8Product(x: Value, weight: Value, scales: Value): Value {
  return apply(int8Operator, [x, weight, scales], {});
}

/** The 4-bit integer that stands for zero. */
const INT4_ZERO = 8;

type Int4 = {
  inputs: number; outputs: number;
  /** Inputs that share a scale: 16 or 32. */
  block: number;
  /** Whether the product is one of floats; otherwise x is rounded to 8 bits in blocks as well, which is faster and 0.4 percent off. */
  isExact: boolean;
};

const int4Operator: Operator<Int4> = {
  name: 'int4Product',
  infer: ([x], { inputs, outputs }) => {
    if (staticDim(x!.shape, -1) !== inputs) throw new Error(`rows of ${inputs} expected`);
    return [{ dtype: x!.dtype, shape: [...x!.shape.slice(0, -1), outputs] }];
  },
  emit: (node, writer) => {
    const { inputs: K, outputs: N, block, isExact } = node.attributes;
    writer.node('MatMulNBits', node.inputs, node.outputs, { K, N, bits: 4, block_size: block, accuracy_level: isExact ? 1 : 4 }, MICROSOFT);
  },
  gradient: ({ inputs: [, weight, scales], attributes }, [up]) => [int4Back(up!, weight!, scales!, attributes), null, null],
};

/** What flows back through an exact product by 4-bit integers. */
export function int4Back(up: Value, weight: Value, scales: Value, { inputs, outputs, block }: Pick<Int4, 'inputs' | 'outputs' | 'block'>): Value {
  const blocks = staticDim(weight.shape, 1);
  // The even and the odd inputs each by themselves: integers lie two to a byte.
  const halves = nibbles(weight).map((integers) => {
    const elements = mul(sub(cast(integers, 'float32'), INT4_ZERO), reshape(scales, [outputs, blocks, 1]));
    const back = matmul(up, reshape(elements, [outputs, (blocks * block) / 2]));
    return reshape(back, [...back.shape, 1]);
  });
  const both = concat(halves, -1);
  return slice(reshape(both, [...up.shape.slice(0, -1), blocks * block]), -1, 0, inputs);
}

/** The integers of even inputs, and those of odd ones. */
const nibbles = (weight: Value): [Value, Value] => [and(weight, 15), shiftRight(weight, 4)];

/**
 * A matrix of 4-bit integers as one of 8 bits, [in, out], int8: what an element is worth, counted in steps of its output.
 *
 * @param weight   [out, blocks, block / 2]
 * @param scales   [out * blocks]
 * @param columns  [out]: a step of each output
 */
export function int4AsInt8(weight: Value, scales: Value, columns: Value): Value {
  const [outputs, blocks, half] = [0, 1, 2].map((axis) => staticDim(weight.shape, axis)) as [number, number, number];
  const both = concat(nibbles(weight).map((integers) => reshape(integers, [1, outputs, blocks, half])), 0);
  const steps = div(reshape(scales, [outputs, blocks, 1]), reshape(columns, [outputs, 1, 1]));
  const integers = cast(round(mul(sub(cast(both, 'float32'), INT4_ZERO), steps)), 'int8');
  return reshape(transpose(reshape(integers, [2, outputs, blocks * half]), [2, 0, 1]), [2 * blocks * half, outputs]);
}

/**
 * x times a matrix of 4-bit integers in blocks along its inputs (ONNX Runtime's MatMulNBits; 8 stands for zero). What
 * flows back is that of an exact product.
 *
 * @param weight  [out, blocks, block / 2], two integers a byte, the first in the lower half
 * @param scales  [out * blocks], of x's type: float32, or float16 in files that nothing is learned through
 */
export function int4Product(x: Value, weight: Value, scales: Value, attributes: Int4): Value {
  return apply(int4Operator, [x, weight, scales], attributes);
}
