import { MOST_ELEMENTS } from '../../../nn/weights/rows.ts';

/** A tensor of weights or of what an optimizer keeps for it. */
export interface Tensor { readonly name: string; readonly shape: readonly number[] }

/** Where a tensor lies in a buffer, in elements. */
export interface Place extends Tensor { readonly offset: number }

/** Tensors one after the other, so that one operator works on all of them. */
export interface FlatBuffer {
  readonly name: string;
  /** With what stands behind the last tensor: zeros that never change. */
  readonly length: number;
  readonly places: readonly Place[];
}

export const sizeOf = ({ shape }: Pick<Tensor, 'shape'>): number => shape.reduce((product, size) => product * size, 1);

/**
 * Tensors in as few buffers as hold them, in their order.
 * @param most    elements of a buffer that holds more than one tensor
 * @param padded  the length that a buffer of so many elements has
 */
export function inBuffers(name: string, tensors: readonly Tensor[], padded: (length: number) => number = (length) => length, most = MOST_ELEMENTS): FlatBuffer[] {
  const groups: { length: number; places: Place[] }[] = [];
  for (const tensor of tensors) {
    const size = sizeOf(tensor);
    let last = groups.at(-1);
    if (!last || last.length + size > most) groups.push(last = { length: 0, places: [] });
    last.places.push({ name: tensor.name, shape: tensor.shape, offset: last.length });
    last.length += size;
  }
  return groups.map(({ length, places }, at) => ({ name: `${name} ${at}`, length: padded(length), places }));
}
