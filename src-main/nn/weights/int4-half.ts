import { cast } from '../../graph/ops/layout.ts';
import { int4Product } from '../../graph/ops/quantized.ts';
import { HALF, halfName } from './half.ts';
import { INT4_BLOCK } from './int4.ts';
import { integersName, scalesName } from './int8.ts';
import { sides, type WeightFormat } from './weight-format.ts';

/** Matrices as 4-bit integers whose scales are float16, multiplied in float16 as GPUs do it best; tables in float16, all else in float32. */
export const INT4_HALF: WeightFormat = {
  multiply: (x, { name, shape, layout }) => {
    const { inputs, outputs } = sides({ name, shape, layout });
    const blocks = Math.ceil(inputs / INT4_BLOCK);
    const integers = x.graph.parameter(integersName(name), [outputs, blocks, INT4_BLOCK / 2], 'uint8');
    const scales = x.graph.parameter(halfName(scalesName(name)), [outputs * blocks], 'float16');
    return cast(int4Product(cast(x, 'float16'), integers, scales, { inputs, outputs, block: INT4_BLOCK, isExact: false }), 'float32');
  },
  lookUp: HALF.lookUp,
};
