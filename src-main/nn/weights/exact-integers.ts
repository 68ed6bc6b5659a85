import { withGradient } from '../../graph/custom-gradient.ts';
import { anew } from '../../graph/ops/anew.ts';
import { mul, sub } from '../../graph/ops/elementwise.ts';
import { cast } from '../../graph/ops/layout.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { INT8_ZERO } from '../../graph/ops/quantized.ts';
import type { Value } from '../../graph/value.ts';
import { HALF } from './half.ts';
import { integersName, scalesName } from './int8.ts';
import { sides, type WeightFormat } from './weight-format.ts';

/**
 * What `INT8` keeps, multiplied by in float32: for devices, whose operators are few. A CPU reads blocks (`encodings/own-blocks`),
 * which it unpacks piece by piece.
 */
export const EXACT_INT8: WeightFormat = {
  multiply: (x, matrix) => {
    const { inputs, outputs } = sides(matrix);
    const integers = x.graph.parameter(integersName(matrix.name), [inputs, outputs], 'uint8');
    const scales = x.graph.parameter(scalesName(matrix.name), [outputs]);
    const numbers = (use: string): Value => sub(cast(anew(integers, use), 'float32'), INT8_ZERO);
    const product = mul(matmul(x, numbers(`${x.id} forward`)), scales);
    return withGradient('exactInt8', product, [x], { matrix: matrix.name }, (up) => [matmul(mul(up, scales), numbers(`${up.id} backward`), { transB: true })]);
  },
  lookUp: HALF.lookUp,
};
