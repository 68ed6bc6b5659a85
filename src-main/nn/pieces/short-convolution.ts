import { add, mul } from '../../graph/ops/elementwise.ts';
import { reshape, split, transpose } from '../../graph/ops/layout.ts';
import { staticDim } from '../../graph/shape.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';

/**
 * Each channel of x [batch, sequence, width] by itself: the weighted sum of its last few positions, its own included.
 * @param name    of the weights, stored [width, 1, kernel] as PyTorch has them
 * @param kernel  positions that are summed
 */
export function shortConvolution(x: Value, name: string, { layer, kernel }: { layer: number; kernel: number }, attention: Attention): Value {
  const width = staticDim(x.shape, -1);
  const seen = attention.lookBack({ layer, x, reach: kernel - 1 });
  const taps = split(transpose(reshape(x.graph.parameter(name, [width, 1, kernel]), [width, kernel]), [1, 0]), 0, Array.from({ length: kernel }, () => 1));
  return seen.map((states, at) => mul(states, reshape(taps[at]!, [width]))).reduce((sum, term) => add(sum, term));
}
