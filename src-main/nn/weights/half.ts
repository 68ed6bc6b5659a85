import { cast } from '../../graph/ops/layout.ts';
import { gatherRows } from '../../graph/ops/gather.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import type { WeightFormat } from './weight-format.ts';

/** The name under which a weight's float16 form is a parameter. */
export const halfName = (name: string): string => `${name}.half`;

/** Stored in float16, computed in float32. */
export const HALF: WeightFormat = {
  multiply: (x, { name, shape, layout }) =>
    matmul(x, cast(x.graph.parameter(halfName(name), shape, 'float16'), 'float32'), { transB: layout === 'out-in' }),
  lookUp: (ids, { name, shape }) => cast(gatherRows(ids.graph.parameter(halfName(name), shape, 'float16'), ids), 'float32'),
};
