import { sizeOf } from '../graph/shape.ts';
import { rowsOf } from '../nn/weights/rows.ts';

/** Elements that are handed on at once, at most, in whole rows. */
const SLAB = 2 ** 22;

/** Pieces of a weight as slabs of whole rows; each is good until the next is asked for. */
export async function* slabs(pieces: AsyncIterable<Float32Array>, rows: number, width: number): AsyncGenerator<{ first: number; data: Float32Array }> {
  let first = 0;
  for await (const data of inUnits(pieces, width, Math.min(SLAB, rows * width))) {
    yield { first, data };
    first += data.length / width;
  }
}

/** The same elements in pieces of whole units, of at most so many elements but for a unit that has more; each is good until the next is asked for. */
export async function* inUnits(pieces: AsyncIterable<Float32Array>, unit: number, most: number): AsyncGenerator<Float32Array> {
  const whole = new Float32Array(Math.max(1, Math.floor(most / unit)) * unit);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + whole.length - filled);
      whole.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < whole.length) continue;
      yield whole;
      filled = 0;
    }
  }
  if (filled > 0) yield whole.subarray(0, filled);
}

/** Copies what a part of a weight, which begins at element `start`, has in common with a piece of it that begins at `at`. */
export function copyOverlap<T extends Float32Array | Uint8Array>(part: T, start: number, piece: T, at: number): void {
  const from = Math.max(start, at);
  const to = Math.min(start + part.length, at + piece.length);
  if (from < to) part.set(piece.subarray(from - at, to - at), from - start);
}

/** Fills the memory that `into` gives for a weight, or for each part of its rows (`rowsOf`), with the weight's pieces. */
export async function fillRows(
  spec: { readonly name: string; readonly shape: readonly number[] }, pieces: AsyncIterable<Float32Array>, into: (name: string, shape: readonly number[]) => Float32Array,
): Promise<void> {
  const width = sizeOf(spec.shape.slice(1));
  const parts = rowsOf(spec).map(({ name, shape, start }) => ({ data: into(name, shape), start: start * width }));
  let at = 0;
  for await (const piece of pieces) {
    for (const { data, start } of parts) copyOverlap(data, start, piece, at);
    at += piece.length;
  }
}
