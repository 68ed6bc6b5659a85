import { isOnnxType, type ShippedGguf, type ShippedType } from '../contract/ship.ts';
import type { TensorType } from '../model/gguf/quantize/types.ts';
import { buildDecoder, listMatrices } from '../nn/build.ts';
import type { ModelConfig } from '../nn/config.ts';
import { rowsOf } from '../nn/weights/rows.ts';
import type { Grid, ShippingPlan } from '../nn/weights/shipped.ts';
import type { Matrix, Table } from '../nn/weights/weight-format.ts';
import { tensorTypes } from './gguf/mixture.ts';
import { shapeOf } from './gguf/pieces.ts';
import { planExport } from './gguf/plan-export.ts';

/**
 * On which grid the file of a type has each of a model's matrices and tables, by the names under which they lie in memory.
 * @throws Problem where there is no such file of the model
 */
export async function shippingPlan(config: ModelConfig, type: ShippedType): Promise<ShippingPlan> {
  const { tables } = buildDecoder(config);
  const matrices = listMatrices(config);
  if (isOnnxType(type)) return { matrices: inMemory(matrices, () => type), tables: inMemory(tables, () => 'half') };
  const grids = await ggufGrids(config, type);
  const grid = ({ name }: Matrix | Table): Grid | null => grids.get(name) ?? null;
  return { matrices: inMemory(matrices, grid), tables: inMemory(tables, grid) };
}

/** Of each weight, by its own name, as the GGUF file of a mixture has it: what is multiplied by, looked up or both is one tensor of one type. */
async function ggufGrids(config: ModelConfig, mixture: ShippedGguf): Promise<Map<string, Grid | null>> {
  const { queryGroup, tensors } = await planExport('student', config);
  const types = tensorTypes(tensors.map((tensor) => ({ target: tensor.target, shape: shapeOf(tensor) })), mixture, { queryGroup, layers: buildDecoder(config).layers, hasImatrix: false });
  return new Map(tensors.map((tensor, at) => [tensor.name, gridOf(types[at]!)]));
}

/** Null for what is kept exactly. */
function gridOf(type: TensorType): Grid | null {
  if (type === 'F32') return null;
  if (type === 'BF16') throw new Error('no mixture that is trained through has tensors in BF16');
  return type === 'F16' ? 'half' : type;
}

/** A large weight lies in parts of its rows, which are all on its grid. */
function inMemory<Weight extends Matrix | Table>(weights: readonly Weight[], gridOf: (weight: Weight) => Grid | null): Map<string, Grid> {
  return new Map(weights.flatMap((weight) => {
    const grid = gridOf(weight);
    return grid === null ? [] : rowsOf(weight).map(({ name }) => [name, grid] as const);
  }));
}
