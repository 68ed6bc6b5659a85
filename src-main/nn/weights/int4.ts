import { withGradient } from '../../graph/custom-gradient.ts';
import { anew } from '../../graph/ops/anew.ts';
import { concat, reshape, slice } from '../../graph/ops/layout.ts';
import { int4AsInt8, int4Back, int4Product, int8Product } from '../../graph/ops/quantized.ts';
import type { Value } from '../../graph/value.ts';
import { HALF } from './half.ts';
import { integersName, scalesName } from './int8.ts';
import { inPieces } from './pieces.ts';
import { sides, type Matrix, type WeightFormat } from './weight-format.ts';

/** Inputs that share a scale in 4-bit matrices. */
export const INT4_BLOCK = 32;

/** Matrices as 4-bit integers with a scale for every block of an output's inputs; tables in float16. */
export const INT4 = int4In(false);

/** The same with activations as they are. */
export const EXACT_INT4 = int4In(true);

function int4In(isExact: boolean): WeightFormat {
  return {
    multiply: (x, matrix) => {
      const { integers, scales, sizes } = declared(x, matrix);
      return int4Product(x, integers, scales, { ...sizes, isExact });
    },
    lookUp: HALF.lookUp,
  };
}

/** The name of an output's step, in which 4-bit integers are counted as 8-bit ones. */
export const columnsName = (matrix: string): string => `${matrix}.columns`;

/**
 * INT4 where the processor multiplies signed bytes: it has no arithmetic of 4 bits, so for many rows a piece of the
 * matrix after the other is counted in 8-bit integers, which costs a tenth of the product and leaves it three times as fast
 * as one of floats. Few rows, or as many as a session is told when it runs, are multiplied without.
 */
export const SIGNED_INT4: WeightFormat = {
  multiply: (x, matrix) => (x.shape.every((dim) => typeof dim === 'number') ? throughBytes(x, matrix) : INT4.multiply(x, matrix)),
  lookUp: HALF.lookUp,
};

function throughBytes(x: Value, matrix: Matrix): Value {
  const { integers, scales, sizes } = declared(x, matrix);
  const { inputs, outputs } = sizes;
  const columns = x.graph.parameter(columnsName(matrix.name), [outputs]);
  const weight = anew(integers, `${x.id} forward`);
  const byOutput = reshape(scales, [outputs, scales.shape[0] as number / outputs]);
  const product = concat(inPieces(outputs, inputs).map(([from, to]) => {
    const steps = slice(columns, 0, from, to);
    const bytes = int4AsInt8(slice(weight, 0, from, to), slice(byOutput, 0, from, to), steps);
    return int8Product(x, slice(bytes, 0, 0, inputs), steps);
  }), -1);
  return withGradient('throughBytes', product, [x], { matrix: matrix.name }, (up) => [int4Back(up, anew(integers, `${up.id} backward`), scales, sizes)]);
}

function declared({ graph }: Value, matrix: Matrix): { integers: Value; scales: Value; sizes: { inputs: number; outputs: number; block: number } } {
  const { inputs, outputs } = sides(matrix);
  const blocks = Math.ceil(inputs / INT4_BLOCK);
  return {
    integers: graph.parameter(integersName(matrix.name), [outputs, blocks, INT4_BLOCK / 2], 'uint8'),
    scales: graph.parameter(scalesName(matrix.name), [outputs * blocks]),
    sizes: { inputs, outputs, block: INT4_BLOCK },
  };
}
