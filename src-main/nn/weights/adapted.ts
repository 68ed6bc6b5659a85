import { withGradient } from '../../graph/custom-gradient.ts';
import { add, mul } from '../../graph/ops/elementwise.ts';
import { reshape } from '../../graph/ops/layout.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { sizeOf, staticDim } from '../../graph/shape.ts';
import type { Value } from '../../graph/value.ts';
import type { ParameterSpec } from '../build.ts';
import { sides, type Matrix, type WeightFormat } from './weight-format.ts';

/** A low-rank adapter beside a matrix (LoRA, Hu et al. 2021): x W + scale (x A) B, with A [rank, inputs] and B [outputs, rank] as PEFT stores them. */
export interface LowRank {
  /** The matrix's place in the model, as PEFT names it: "model.layers.0.self_attn.q_proj". */
  readonly module: string;
  readonly matrix: Matrix;
  readonly rank: number;
  readonly scale: number;
}

/** Adapters by the name of their matrix. */
export type Adapters = ReadonlyMap<string, LowRank>;

/** Leaves out some of an adapter's inputs, as training does. */
export interface Dropout {
  /** Numbers [..., inputs] of x that stay, enlarged, and zeros. @param use  the same numbers, made anew for each use */
  mask(x: Value, adapter: LowRank, use: string): Value;
}

export const downName = ({ module }: Pick<LowRank, 'module'>): string => `${module}.lora_A.weight`;
export const upName = ({ module }: Pick<LowRank, 'module'>): string => `${module}.lora_B.weight`;

/** What is trained of a model with adapters: A and B of each, in the order of the model. */
export function adapterParameters(adapters: Adapters): ParameterSpec[] {
  return [...adapters.values()].flatMap((adapter) => {
    const { inputs, outputs } = sides(adapter.matrix);
    return [{ name: downName(adapter), shape: [adapter.rank, inputs] }, { name: upName(adapter), shape: [outputs, adapter.rank] }];
  });
}

/** A format with adapters beside some of its matrices. Their weights are parameters of their own, always float32. */
export function adapted(base: WeightFormat, adapters: Adapters, dropout: Dropout | null = null): WeightFormat {
  const { constant } = base;
  return {
    ...base,
    ...(constant && { constant: { ...adapted(constant, adapters, dropout), packs: constant.packs } }),
    multiply: (x, matrix) => {
      const product = base.multiply(x, matrix);
      const adapter = adapters.get(matrix.name);
      if (!adapter) return product;
      const { inputs, outputs } = sides(matrix);
      const down = x.graph.parameter(downName(adapter), [adapter.rank, inputs]);
      const up = x.graph.parameter(upName(adapter), [outputs, adapter.rank]);
      const narrow = dropout ? thinned(x, down, adapter, dropout) : matmul(x, down, { transB: true });
      return add(product, matmul(mul(narrow, adapter.scale), up, { transB: true }));
    },
  };
}

/** A of what dropout leaves of x. The mask is made again for what flows back: to hold it would cost as much as all activations. */
function thinned(x: Value, down: Value, adapter: LowRank, dropout: Dropout): Value {
  const narrow = matmul(mul(x, dropout.mask(x, adapter, 'forward')), down, { transB: true });
  return withGradient('thinned', narrow, [x, down], { module: adapter.module }, (upstream) => {
    const mask = dropout.mask(x, adapter, 'backward');
    return [mul(matmul(upstream, down), mask), matmul(asRows(upstream), asRows(mul(x, mask)), { transA: true })];
  });
}

function asRows(x: Value): Value {
  const width = staticDim(x.shape, -1);
  return reshape(x, [sizeOf(x.shape) / width, width]);
}
