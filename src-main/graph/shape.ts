/**
 * A dimension is a number, or a name where it is only known when the graph runs. Training graphs are static;
 * names serve the graphs that grow with the text (cached decode, export): two dimensions with one name are equal.
 */
export type Dim = number | string;
export type Shape = readonly Dim[];

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function dimAt(shape: Shape, axis: number): Dim {
  const dim = shape[axis < 0 ? axis + shape.length : axis];
  if (dim === undefined) throw new Error(`axis ${axis} is outside shape ${showShape(shape)}`);
  return dim;
}

/** The dimension as a number; a graph that needs it cannot have it symbolic. */
export function staticDim(shape: Shape, axis: number): number {
  const dim = dimAt(shape, axis);
  if (typeof dim !== 'number') throw new Error(`dimension "${dim}" of ${showShape(shape)} must be a number here`);
  return dim;
}

/** Number of elements; every dimension must be a number. */
export function sizeOf(shape: Shape): number {
  return shape.reduce<number>((size, _, axis) => size * staticDim(shape, axis), 1);
}

/** The axis counted from the front, checked against the rank. */
export function normalizeAxis(axis: number, rank: number): number {
  const front = axis < 0 ? axis + rank : axis;
  if (front < 0 || front >= rank) throw new Error(`axis ${axis} is outside rank ${rank}`);
  return front;
}

/** NumPy's broadcasting of two shapes. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - (rank - a.length)] ?? 1;
    const right = b[axis - (rank - b.length)] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw new Error(`shapes ${showShape(a)} and ${showShape(b)} do not broadcast`);
  });
}

/** Axes of `wide` along which a value of shape `narrow` was repeated to reach it. */
export function broadcastAxes(narrow: Shape, wide: Shape): number[] {
  const offset = wide.length - narrow.length;
  return wide.flatMap((dim, axis) => (axis < offset || (narrow[axis - offset] === 1 && dim !== 1) ? [axis] : []));
}
