/** A tensor that lies in memory, of a model's weight or of a part of its rows. */
export interface Rows {
  readonly name: string;
  readonly shape: readonly number[];
  /** The first of the weight's rows in it. */
  readonly start: number;
}

/**
 * Most elements of a tensor, 512 MiB of float32: ONNX Runtime makes copies of whole tensors (prepacking, results in
 * between), and a native allocation over 1 GiB ends an Electron process without a word.
 */
export const MOST_ELEMENTS = 2 ** 27;

/** The tensors that hold a weight: itself, or nearly equal parts of its rows where it has more than `most` elements. */
export function rowsOf({ name, shape }: Omit<Rows, 'start'>, most = MOST_ELEMENTS): Rows[] {
  const [count, ...rest] = shape;
  const width = rest.reduce((product, size) => product * size, 1);
  if (count === undefined || count * width <= most) return [{ name, shape, start: 0 }];
  const parts = Math.ceil(count / Math.max(1, Math.floor(most / width)));
  return Array.from({ length: parts }, (_, at) => {
    const start = Math.floor((at * count) / parts);
    return { name: `${name} ${at + 1}/${parts}`, shape: [Math.floor(((at + 1) * count) / parts) - start, ...rest], start };
  });
}
