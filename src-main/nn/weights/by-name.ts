import type { WeightFormat } from './weight-format.ts';

/** A model whose weights are kept each in a format of its own. @param matrix  a matrix's, @param table  a table's; a weight that is both may have two */
export function byName(matrix: (name: string) => WeightFormat, table: (name: string) => WeightFormat): WeightFormat {
  return {
    multiply: (x, weight) => matrix(weight.name).multiply(x, weight),
    unpacks: (name) => matrix(name).unpacks?.(name) ?? false,
    lookUp: (ids, weight) => table(weight.name).lookUp(ids, weight),
  };
}
