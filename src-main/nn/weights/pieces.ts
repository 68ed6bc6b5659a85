/** Elements that are unpacked at once: 16 MiB, so that neither layers nor vocabularies need a matrix in float32 as a whole. */
const PIECE = 2 ** 22;

/** Rows that are unpacked at once, in pieces of like sizes: ONNX Runtime gives memory on to tensors of the same shape alone, and holds what it needs of each. */
export function inPieces(rows: number, width: number): [from: number, to: number][] {
  const count = Math.ceil(rows / Math.max(1, Math.floor(PIECE / width)));
  return Array.from({ length: count }, (_, at) => [Math.floor((at * rows) / count), Math.floor(((at + 1) * rows) / count)]);
}
