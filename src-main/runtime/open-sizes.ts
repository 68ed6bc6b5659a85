import type { OnnxGraph, Port } from '../graph/onnx/write.ts';
import type { Tensors } from './program.ts';

/** The sizes that dimensions left open have in a run, by the dimension's name. */
export type Sizes = ReadonlyMap<string, number>;

/** What inputs say of open dimensions. */
export function openSizes(ports: readonly Port[], inputs: Tensors): Sizes {
  const sizes = new Map<string, number>();
  for (const { name, shape } of ports) {
    shape.forEach((dim, axis) => { if (typeof dim === 'string') sizes.set(dim, inputs[name]!.shape[axis]!); });
  }
  return sizes;
}

/** The inputs of a run, with those that hold nothing but sizes of the others. */
export function withSizes({ inputs: ports, sizes: wanted }: Pick<OnnxGraph, 'inputs' | 'sizes'>, inputs: Tensors): Tensors {
  if (wanted.length === 0) return inputs;
  const sizes = openSizes(ports, inputs);
  return {
    ...inputs,
    ...Object.fromEntries(wanted.map(({ name, dims }) => {
      const data = BigInt64Array.from(dims, (dim) => BigInt(typeof dim === 'string' ? sizes.get(dim)! : dim));
      return [name, { dtype: 'int64', shape: [data.length], data } as const];
    })),
  };
}
