import { add, mul } from '../../graph/ops/elementwise.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { writeOnnx } from '../../graph/onnx/write.ts';
import { Graph } from '../../graph/value.ts';
import { sides } from '../../nn/weights/weight-format.ts';
import type { LowRank } from '../../nn/weights/adapted.ts';
import { ortExecutor } from '../../runtime/ort/executor.ts';
import { float32 } from '../../runtime/tensor.ts';
import { threads } from '../../runtime/threads.ts';

/** A and B of an adapter. */
export interface Factors { down: Float32Array; up: Float32Array }

/**
 * A matrix with its adapter in it, W + scale B A, piece by piece.
 * @param pieces  of the matrix, row by row; each piece is good until the next is asked for
 */
export async function* mergedPieces(pieces: AsyncIterable<Float32Array>, { matrix, rank, scale }: LowRank, { down, up }: Factors): AsyncGenerator<Float32Array> {
  const { inputs, outputs } = sides(matrix);
  const isTurned = matrix.layout === 'in-out';
  const [rows, width] = matrix.shape;
  // Rows [n, rank] times columns [rank, width] is what the adapter adds to n rows.
  const left = isTurned ? transposed(down, rank, inputs) : up;
  const right = float32(isTurned ? transposed(up, outputs, rank) : down, [rank, width]);
  const program = await ortExecutor('cpu', threads()).compile(sumGraph(rank, width, scale));
  try {
    let first = 0;
    for await (const { data, count } of wholeRows(pieces, width)) {
      const { merged } = await program.run({
        weights: float32(data, [count, width]), left: float32(left.subarray(first * rank, (first + count) * rank), [count, rank]), right,
      });
      yield merged!.data as Float32Array;
      first += count;
    }
    if (first !== rows) throw new Error(`${matrix.name} brought ${first} rows of ${rows}`);
  } finally {
    await program.release();
  }
}

function sumGraph(rank: number, width: number, scale: number): ReturnType<typeof writeOnnx> {
  const graph = new Graph();
  const product = matmul(graph.input('left', 'float32', ['rows', rank]), graph.input('right', 'float32', [rank, width]));
  return writeOnnx({ merged: add(graph.input('weights', 'float32', ['rows', width]), mul(product, scale)) }, { weights: 'inputs' });
}

/** Pieces of any size cut to whole rows. */
async function* wholeRows(pieces: AsyncIterable<Float32Array>, width: number): AsyncGenerator<{ data: Float32Array; count: number }> {
  let rest = new Float32Array(0);
  for await (const piece of pieces) {
    const all = rest.length === 0 ? piece : joined(rest, piece);
    const count = Math.floor(all.length / width);
    if (count > 0) yield { data: all.subarray(0, count * width), count };
    rest = all.slice(count * width);
  }
  if (rest.length > 0) throw new Error('a matrix ends within a row');
}

function joined(a: Float32Array, b: Float32Array): Float32Array {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) turned[column * rows + row] = data[row * columns + column]!;
  return turned;
}
