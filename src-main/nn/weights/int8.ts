import { int8Product } from '../../graph/ops/quantized.ts';
import { HALF } from './half.ts';
import { sides, type WeightFormat } from './weight-format.ts';

/** Names under which a matrix's integers and their scales are parameters. */
export const integersName = (matrix: string): string => `${matrix}.integers`;
export const scalesName = (matrix: string): string => `${matrix}.scales`;

/** Matrices as 8-bit integers with a scale for each output; tables in float16. */
export const INT8 = int8In('uint8');

/** The same with signed integers, for processors that multiply them as exactly. */
export const SIGNED_INT8 = int8In('int8');

function int8In(dtype: 'uint8' | 'int8'): WeightFormat {
  return {
    multiply: (x, matrix) => {
      const { inputs, outputs } = sides(matrix);
      const integers = x.graph.parameter(integersName(matrix.name), [inputs, outputs], dtype);
      return int8Product(x, integers, x.graph.parameter(scalesName(matrix.name), [outputs]));
    },
    lookUp: HALF.lookUp,
  };
}
