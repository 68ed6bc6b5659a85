import { Problem } from '../contract/problem.ts';
import type { ShippedType } from '../contract/ship.ts';
import { buildDecoder, listMatrices } from '../nn/build.ts';
import type { ModelConfig } from '../nn/config.ts';
import { rowsOf } from '../nn/weights/rows.ts';
import type { Grid, ShippingPlan } from '../nn/weights/shipped.ts';
import { sides, type Matrix, type Table } from '../nn/weights/weight-format.ts';

/** Elements of GGUF's blocks; a matrix whose inputs are no whole blocks is kept in float16. */
const BLOCK = 32;
/** Of its larger blocks, which llama.cpp's mixtures prefer for an output layer where they fit. */
const SUPER_BLOCK = 256;

/** On which grid the file of a type has each of a model's matrices and tables, by the names under which they lie in memory. @throws Problem where the file has a grid that is not trained through */
export function shippingPlan(config: ModelConfig, type: ShippedType): ShippingPlan {
  const { tables, outputLayer } = buildDecoder(config);
  const matrices = listMatrices(config);
  switch (type) {
    case 'int8':
    case 'int4': return { matrices: inMemory(matrices, () => type), tables: inMemory(tables, () => 'half') };
    case 'q8_0':
    case 'q4_0': {
      if (type === 'q4_0' && outputLayer.shape[1] % SUPER_BLOCK === 0) {
        throw new Problem(`student.ship is q4_0, and llama.cpp keeps the output layer of a model of this width (${outputLayer.shape[1]}) in Q6_K, through which Retort does not train yet.`, {
          hint: 'Use q8_0, or int4 of ONNX.',
        });
      }
      // A tensor of a GGUF file has one type, whether it is multiplied by, looked up or both.
      const widths = new Map<string, number>([...tables.map(({ name, shape }) => [name, shape[1]] as const), ...matrices.map((matrix) => [matrix.name, sides(matrix).inputs] as const)]);
      const embedding = tables[0]!.name;
      const grid = ({ name }: Matrix | Table): Grid | null => (!matrices.some((matrix) => matrix.name === name) && name !== embedding ? null : widths.get(name)! % BLOCK !== 0 ? 'half' : type === 'q8_0' || name === outputLayer.name ? 'Q8_0' : 'Q4_0');
      return { matrices: inMemory(matrices, grid), tables: inMemory(tables, grid) };
    }
  }
}

/** A large weight lies in parts of its rows, which are all on its grid. */
function inMemory<Weight extends Matrix | Table>(weights: readonly Weight[], gridOf: (weight: Weight) => Grid | null): Map<string, Grid> {
  return new Map(weights.flatMap((weight) => {
    const grid = gridOf(weight);
    return grid === null ? [] : rowsOf(weight).map(({ name }) => [name, grid] as const);
  }));
}
