import type { OnnxGraph, Port } from '../graph/onnx/write.ts';
import type { Tensor } from './tensor.ts';

/** The sizes that dimensions left open have in a run, by the dimension's name. */
export type Sizes = ReadonlyMap<string, number>;

/** What inputs say of open dimensions. */
export function openSizes(ports: readonly Port[], inputs: Readonly<Record<string, { readonly shape: readonly number[] }>>): Sizes {
  const sizes = new Map<string, number>();
  for (const { name, shape } of ports) {
    shape.forEach((dim, axis) => { if (typeof dim === 'string') sizes.set(dim, inputs[name]!.shape[axis]!); });
  }
  return sizes;
}

/** The inputs of a run, with those that hold nothing but sizes of the others. */
export function withSizes<Given extends { readonly shape: readonly number[] }>(
  { inputs: ports, sizes: wanted }: Pick<OnnxGraph, 'inputs' | 'sizes'>, inputs: Readonly<Record<string, Given>>,
): Readonly<Record<string, Given | Tensor>> {
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

/** Every input of a graph that is no weight, those included that hold sizes. */
export function inputPorts({ inputs, sizes }: Pick<OnnxGraph, 'inputs' | 'sizes'>): readonly Port[] {
  return [...inputs, ...sizes.map(({ name, dims }): Port => ({ name, dtype: 'int64', shape: [dims.length] }))];
}
