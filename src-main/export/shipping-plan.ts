import { Problem } from '../contract/problem.ts';
import type { ShippedType } from '../contract/ship.ts';
import type { TensorType } from '../model/gguf/quantize/types.ts';
import { buildDecoder, listMatrices } from '../nn/build.ts';
import type { ModelConfig } from '../nn/config.ts';
import { rowsOf } from '../nn/weights/rows.ts';
import type { Grid, ShippingPlan } from '../nn/weights/shipped.ts';
import type { Matrix, Table } from '../nn/weights/weight-format.ts';
import { tensorTypes } from './gguf/mixture.ts';
import { shapeOf } from './gguf/pieces.ts';
import { planExport } from './gguf/plan-export.ts';

/** Grids by the types of GGUF tensors that Retort trains through; null for those that are kept exactly. */
const GRIDS: Partial<Record<TensorType, Grid | null>> = { F32: null, F16: 'half', Q8_0: 'Q8_0', Q4_0: 'Q4_0' };

/**
 * On which grid the file of a type has each of a model's matrices and tables, by the names under which they lie in memory.
 * @throws Problem where the file has a grid that is not trained through, or there is no such file of the model
 */
export async function shippingPlan(config: ModelConfig, type: ShippedType): Promise<ShippingPlan> {
  const { tables } = buildDecoder(config);
  const matrices = listMatrices(config);
  switch (type) {
    case 'int8':
    case 'int4': return { matrices: inMemory(matrices, () => type), tables: inMemory(tables, () => 'half') };
    case 'q8_0':
    case 'q4_0': {
      const grids = await ggufGrids(config, type);
      const grid = ({ name }: Matrix | Table): Grid | null => grids.get(name) ?? null;
      return { matrices: inMemory(matrices, grid), tables: inMemory(tables, grid) };
    }
  }
}

/** Of each weight, by its own name, as the GGUF file of a mixture has it: what is multiplied by, looked up or both is one tensor of one type. */
async function ggufGrids(config: ModelConfig, type: 'q8_0' | 'q4_0'): Promise<Map<string, Grid | null>> {
  const { architecture, tensors } = await planExport('student', config);
  const types = tensorTypes(tensors.map((tensor) => ({ target: tensor.target, shape: shapeOf(tensor) })), type, { architecture, layers: buildDecoder(config).layers, hasImatrix: false });
  return new Map(tensors.map((tensor, at) => {
    const grid = GRIDS[types[at]!];
    if (grid === undefined) throw unlearned(type, types[at]!, tensor.target, shapeOf(tensor).at(-1)!);
    return [tensor.name, grid];
  }));
}

function unlearned(type: ShippedType, grid: TensorType, target: string, width: number): Problem {
  return new Problem(`student.ship is ${type}, and llama.cpp keeps ${target} of a model of this width (${width}) in ${grid}, through which Retort does not train yet.`, {
    hint: 'Use q8_0, or int4 of ONNX.',
  });
}

/** A large weight lies in parts of its rows, which are all on its grid. */
function inMemory<Weight extends Matrix | Table>(weights: readonly Weight[], gridOf: (weight: Weight) => Grid | null): Map<string, Grid> {
  return new Map(weights.flatMap((weight) => {
    const grid = gridOf(weight);
    return grid === null ? [] : rowsOf(weight).map(({ name }) => [name, grid] as const);
  }));
}
