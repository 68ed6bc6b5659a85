import { gatherRows } from '../../graph/ops/gather.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import type { WeightFormat } from './weight-format.ts';

/** In float32, as training needs them. */
export const EXACT: WeightFormat = {
  multiply: (x, { name, shape, layout }) => matmul(x, x.graph.parameter(name, shape), { transB: layout === 'out-in' }),
  lookUp: (ids, { name, shape }) => gatherRows(ids.graph.parameter(name, shape), ids),
};
