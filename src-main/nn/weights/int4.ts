import { int4Product } from '../../graph/ops/quantized.ts';
import { HALF } from './half.ts';
import { integersName, scalesName } from './int8.ts';
import { sides, type WeightFormat } from './weight-format.ts';

/** Inputs that share a scale in 4-bit matrices. */
export const INT4_BLOCK = 32;

/** Matrices as 4-bit integers with a scale for every block of an output's inputs; tables in float16. */
export const INT4: WeightFormat = {
  multiply: (x, matrix) => {
    const { inputs, outputs } = sides(matrix);
    const blocks = Math.ceil(inputs / INT4_BLOCK);
    const integers = x.graph.parameter(integersName(matrix.name), [outputs, blocks, INT4_BLOCK / 2], 'uint8');
    const scales = x.graph.parameter(scalesName(matrix.name), [outputs * blocks]);
    return int4Product(x, integers, scales, { inputs, outputs, block: INT4_BLOCK, isExact: false });
  },
  lookUp: HALF.lookUp,
};
