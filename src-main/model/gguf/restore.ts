import type { GgufFile } from './gguf-file.ts';
import { sizeOf } from '../../graph/shape.ts';
import type { PlannedTensor } from './plan.ts';

/** The elements of a tensor in the layout of its model folder, piece by piece; each piece is good until the next. */
export async function* restoredPieces(file: GgufFile, { source, shape, layout }: PlannedTensor): AsyncGenerator<Float32Array> {
  if (layout === 'same' || layout === 'squeezed' || (typeof layout === 'object' && 'experts' in layout)) {
    yield* file.pieces(source);
  } else if (layout === 'from one') {
    for await (const piece of file.pieces(source)) yield piece.map((value) => value - 1);
  } else if (layout === 'transposed') {
    const [rows, columns] = shape as [number, number];
    // Only GPT-2 needs this; its largest matrix takes 40 MB.
    yield transpose(await file.read(source), columns, rows);
  } else if ('joined' in layout) {
    // As GPT-2's; a matrix of Pythia 12B takes 310 MB.
    yield takeHeadsApart(await file.read(source), layout.joined.heads, sizeOf(shape) / (3 * layout.joined.heads));
  } else {
    const { headDim } = layout.rotary;
    const width = shape[1] ?? 1;
    for await (const piece of file.pieces(source, headDim * width)) yield separatePairs(piece, headDim, width);
  }
}

/** Of elements [3, heads, size], those of a head together: [heads, 3, size]. */
function takeHeadsApart(thirds: Float32Array, heads: number, size: number): Float32Array {
  const out = new Float32Array(thirds.length);
  for (let third = 0; third < 3; third++) {
    for (let head = 0; head < heads; head++) {
      const from = (third * heads + head) * size;
      out.set(thirds.subarray(from, from + size), (head * 3 + third) * size);
    }
  }
  return out;
}

/** `matrix` has `rows` rows. */
function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = matrix[row * columns + column]!;
  }
  return out;
}

/** In each head, rows 2 i and 2 i + 1 become rows i and i + headDim / 2. `heads` holds whole heads of rows of `width`. */
function separatePairs(heads: Float32Array, headDim: number, width: number): Float32Array {
  const out = new Float32Array(heads.length);
  for (let row = 0; row < heads.length / width; row++) {
    const within = row % headDim;
    const to = row - within + (within >> 1) + (within & 1) * (headDim / 2);
    out.set(heads.subarray(row * width, (row + 1) * width), to * width);
  }
  return out;
}
