import { sizeOf } from '../../graph/shape.ts';
import type { ModelFiles } from '../../model/model-files.ts';
import { inUnits } from '../../model/pieces.ts';
import type { TensorToMake } from './tensor-to-make.ts';

/** Elements that are handed on at once, at most, but for a row or a head that has more. */
const MOST = 2 ** 20;

/** A tensor's shape as the file has it, outermost dimension first. */
export function shapeOf({ shape, layout, rows }: TensorToMake): readonly number[] {
  if (layout === 'transposed') return [...shape].reverse();
  if (layout === 'squeezed') return shape.filter((side) => side !== 1);
  return rows ? [rows[1] - rows[0], ...shape.slice(1)] : shape;
}

/** The elements of a tensor as llama.cpp wants them, in whole rows; each piece is good until the next is asked for. */
export async function* tensorPieces(model: Pick<ModelFiles, 'pieces'>, tensor: TensorToMake): AsyncGenerator<Float32Array> {
  const { name, layout, shape, rows } = tensor;
  const width = sizeOf(shape.slice(1));
  const begin = (rows?.[0] ?? 0) * width;
  const end = rows ? rows[1] * width : sizeOf(shape);
  const pieces = within(model.pieces(name), begin, end);
  if (layout === 'transposed') {
    yield transpose(await whole(pieces, sizeOf(shape)), shape[0]!, shape[1]!);
  } else if (layout === 'from one') {
    for await (const piece of pieces) yield piece.map((value) => value + 1);
  } else if (typeof layout === 'object' && 'rotary' in layout) {
    const { headDim } = layout.rotary;
    for await (const heads of inUnits(pieces, headDim * width, MOST)) yield pair(heads, headDim, width);
  } else if (typeof layout === 'object' && 'joined' in layout) {
    yield joinHeads(await whole(pieces, sizeOf(shape)), layout.joined.heads, sizeOf(shape) / (3 * layout.joined.heads));
  } else {
    yield* inUnits(pieces, shape.length > 1 ? shape.at(-1)! : width, MOST);
  }
}

/** What of a tensor's pieces lies between two of its elements. */
async function* within(pieces: AsyncIterable<Float32Array>, begin: number, end: number): AsyncGenerator<Float32Array> {
  let at = 0;
  for await (const piece of pieces) {
    const part = piece.subarray(Math.max(0, begin - at), Math.max(0, end - at));
    if (part.length > 0) yield part;
    at += piece.length;
  }
}

async function whole(pieces: AsyncIterable<Float32Array>, elements: number): Promise<Float32Array> {
  const all = new Float32Array(elements);
  let at = 0;
  for await (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = matrix[row * columns + column]!;
  }
  return out;
}

/** In each head, rows i and i + headDim / 2, which rotate together, become neighbours. */
function pair(heads: Float32Array, headDim: number, width: number): Float32Array {
  const out = new Float32Array(heads.length);
  for (let row = 0; row < heads.length / width; row++) {
    const within = row % headDim;
    const from = row - within + (within >> 1) + (within & 1) * (headDim / 2);
    out.set(heads.subarray(from * width, (from + 1) * width), row * width);
  }
  return out;
}

/** Of elements [heads, 3, size], the queries of all heads, their keys, their values. */
function joinHeads(apart: Float32Array, heads: number, size: number): Float32Array {
  const out = new Float32Array(apart.length);
  for (let head = 0; head < heads; head++) {
    for (let third = 0; third < 3; third++) {
      const from = (head * 3 + third) * size;
      out.set(apart.subarray(from, from + size), (third * heads + head) * size);
    }
  }
  return out;
}
