import { straightThrough } from '../../graph/ops/straight-through.ts';
import { gatherRows } from '../../graph/ops/gather.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import type { Graph, Value } from '../../graph/value.ts';
import type { Matrix, Table, WeightFormat } from './weight-format.ts';

/** Types of GGUF files on which weights are rounded by the code that writes and reads them. */
export const WRITTEN_GRIDS = ['Q4_1', 'Q5_0', 'Q5_1', 'Q2_K', 'Q3_K', 'Q4_K', 'Q5_K', 'Q6_K'] as const;
export type WrittenGrid = (typeof WRITTEN_GRIDS)[number];

/** Ways in which the update's kernel rounds; the GGUF ones bear the names of their types, too. */
export type KernelGrid = 'half' | 'int8' | 'int4' | 'Q8_0' | 'Q4_0';

/** Ways in which files round numbers. */
export type Grid = KernelGrid | WrittenGrid;

/** On which grid a file has each matrix and each table of a model, by name; what is in neither map it has in float32. */
export interface ShippingPlan {
  readonly matrices: ReadonlyMap<string, Grid>;
  readonly tables: ReadonlyMap<string, Grid>;
}

/** The name under which what a weight is on a grid is a parameter. */
export const shippedName = (name: string, grid: Grid): string => `${name} as ${grid}`;

/**
 * Weights as a file has them, each the number that the file is read back as.
 * @param learns  whether what flows back goes to the exact weights, which the graph then names as well
 */
export function shipped({ matrices, tables }: ShippingPlan, learns: boolean): WeightFormat {
  const read = (graph: Graph, { name, shape }: Matrix | Table, grid: Grid | undefined): Value => {
    if (grid === undefined) return graph.parameter(name, shape);
    const rounded = graph.parameter(shippedName(name, grid), shape);
    return learns ? straightThrough(rounded, graph.parameter(name, shape)) : rounded;
  };
  return {
    multiply: (x, matrix) => matmul(x, read(x.graph, matrix, matrices.get(matrix.name)), { transB: matrix.layout === 'out-in' }),
    lookUp: (ids, table) => gatherRows(read(ids.graph, table, tables.get(table.name)), ids),
  };
}
