import { listMatrices, type ParameterSpec } from '../../nn/build.ts';
import type { ModelConfig } from '../../nn/config.ts';
import { rowsOf } from '../../nn/weights/rows.ts';
import { shippedName, WRITTEN_GRIDS, type Grid, type KernelGrid, type ShippingPlan, type WrittenGrid } from '../../nn/weights/shipped.ts';
import { sides, type Matrix } from '../../nn/weights/weight-format.ts';
import { WEIGHTS } from '../../runtime/memory/parameter-memory.ts';
import { float32 } from '../../runtime/tensor.ts';
import type { HostWeights, Weights } from '../../runtime/weights.ts';
import type { UpdateKernel } from '../optimizers/kernel/kernel.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import { roundAsWritten } from './round-as-written.ts';

/** The grids on which a plan has a weight; a matrix that is also a table may be on two. */
export const gridsOfWeight = (plan: ShippingPlan, weight: ParameterSpec): Grid[] => gridsOf(plan, rowsOf(weight)[0]!.name);

/** @param name  under which it lies in memory */
function gridsOf({ matrices, tables }: ShippingPlan, name: string): Grid[] {
  return [...new Set([matrices.get(name), tables.get(name)].filter((grid) => grid !== undefined))];
}

/** Where exact weights lie with room beside them, and what works on it. */
export type ShippingMemory = Pick<Optimizer, 'memory' | 'tensors' | 'kernel'>;

/** A weight on a grid, of which `matrix` says how it lies. */
export interface Rounded { readonly name: string; readonly grid: Grid; readonly matrix: Matrix }

/** The weights of a model as its file will have them, beside the exact ones in memory of the host, in regions by the names of their grids. */
export class ShippedWeights {
  readonly all: readonly Rounded[];
  /** By `shippedName`; views, which `update` changes. */
  readonly weights: HostWeights;
  /** Exact weights that these stand for. */
  private readonly replaced: ReadonlySet<string>;
  private readonly exact: ShippingMemory;

  /** @param exact  with a region for each grid of each weight */
  constructor(exact: ShippingMemory, config: ModelConfig, plan: ShippingPlan) {
    this.exact = exact;
    const layouts = new Map(listMatrices(config).flatMap((matrix) => rowsOf(matrix).map(({ name }) => [name, matrix.layout] as const)));
    this.all = exact.tensors.flatMap(({ name, shape }) => gridsOf(plan, name).map((grid) => (
      { name, grid, matrix: { name, shape: shape as Matrix['shape'], layout: layouts.get(name) ?? 'out-in' } })));
    this.weights = Object.fromEntries(this.all.map(({ name, grid, matrix }) => [shippedName(name, grid), float32(exact.memory.view(name, grid), matrix.shape)]));
    this.replaced = new Set(this.all.map(({ name }) => name));
  }

  /** A model's weights with these in place of the exact ones. */
  inPlaceOf(weights: Weights): Weights {
    return { ...Object.fromEntries(Object.entries(weights).filter(([name]) => !this.replaced.has(name))), ...this.weights };
  }

  /** Rounds the exact weights as they are now. @param asked  which, of `all` */
  update(asked: readonly Rounded[] = this.all): void {
    const { memory } = this.exact;
    for (const { name, grid, matrix } of asked) {
      if (isWritten(grid)) roundAsWritten(grid, matrix, memory.view(name, WEIGHTS), memory.view(name, grid));
      else round(this.exact.kernel(name), grid, matrix, memory.place(name, WEIGHTS).offset, memory.place(name, grid).offset);
    }
  }
}

/** Whether what rounds is the code that writes and reads a file. */
export const isWritten = (grid: Grid): grid is WrittenGrid => (WRITTEN_GRIDS as readonly string[]).includes(grid);

const FLOAT = 4;

function round(kernel: UpdateKernel, grid: KernelGrid, matrix: Matrix, from: number, to: number): void {
  const { inputs, outputs } = sides(matrix);
  const [ofOutput, ofInput] = matrix.layout === 'out-in' ? [FLOAT * inputs, FLOAT] : [FLOAT, FLOAT * outputs];
  switch (grid) {
    case 'half': return kernel.roundHalf(from, to, inputs * outputs);
    case 'int8': return kernel.roundInt8(from, to, outputs, inputs, ofOutput, ofInput);
    case 'int4': return kernel.roundInt4(from, to, outputs, inputs, ofOutput, ofInput);
    case 'Q8_0': return kernel.roundQ8_0(from, to, outputs, inputs, ofOutput, ofInput);
    case 'Q4_0': return kernel.roundQ4_0(from, to, outputs, inputs, ofOutput, ofInput);
  }
}
