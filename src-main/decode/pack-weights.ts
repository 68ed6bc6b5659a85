import { DTYPES } from '../graph/dtype.ts';
import { writeOnnx, type WriteOptions } from '../graph/onnx/write.ts';
import { sizeOf } from '../graph/shape.ts';
import { packedParts, packingGraph, type PackedPart } from '../nn/weights/packed.ts';
import { inPieces } from '../nn/weights/pieces.ts';
import { storedViews } from '../nn/weights/stored.ts';
import type { StoredLayout } from '../nn/weights/stored-layout.ts';
import type { ConstantFormat } from '../nn/weights/weight-format.ts';
import type { Executor, Program } from '../runtime/program.ts';
import { inMoves } from '../runtime/in-moves.ts';
import { PassingBytes } from '../runtime/memory/passing-bytes.ts';
import { tensorOf, type Tensor } from '../runtime/tensor.ts';
import type { Weights } from '../runtime/weights.ts';

/** Matrices that a session which writes has in another form than the file, by name. */
export type Packs = ConstantFormat['packs'];

type Placement = Exclude<WriteOptions['weights'], 'inputs'>;

/** Bytes of what is packed, by the name that a graph has for it. */
export function packedSizes(packs: Packs): ReadonlyMap<string, number> {
  return new Map([...packs].flatMap(([name, layout]) => packedParts(name, layout).map((part) => [part.name, bytesOfPart(part)] as const)));
}

/** Where a graph's weights lie, with those that are packed first. */
export function withPacked(placement: Placement, packs: Packs): Placement {
  const lengths = packedSizes(packs);
  return (name, shape, dtype) => {
    const length = lengths.get(name);
    return length === undefined ? placement(name, shape, dtype) : { location: name, offset: 0, length };
  };
}

/** What is packed for a session, which reads it where it lies. */
export interface Packed {
  readonly weights: Readonly<Record<string, Tensor>>;
  /** Gives the memory back; the session has been released before. */
  release(): void;
}

/**
 * Packs matrices, some of their rows at a time. What is packed takes the place of what every token would unpack.
 * @param weights  as they are stored
 */
export function packWeights(executor: Executor, packs: Packs, weights: Weights): Promise<Packed> {
  return inMoves((keep) => packInto(keep(new PassingBytes()), executor, packs, weights));
}

async function packInto(memory: PassingBytes, executor: Executor, packs: Packs, weights: Weights): Promise<Packed> {
  const made: Record<string, Tensor> = {};
  const programs = new Map<string, Promise<Program>>();
  for (const [name, layout] of packs) {
    const parts = packedParts(name, layout);
    for (const { name: part, dtype, shape } of parts) made[part] = tensorOf(dtype, shape, memory.take(bytesOfPart({ dtype, shape })));
    const stored = Object.fromEntries(storedViews(name, layout).map((view, at) => [storedViews(ANY, layout)[at]!.name, weights[view.name]!]));
    for (const [from, to] of inPieces(layout.rows, layout.width)) {
      const key = JSON.stringify([layout, from, to]);
      const program = programs.get(key) ?? executor.compile(writeOnnx(packingGraph(ANY, layout, from, to), { weights: 'inputs' }), { optimize: 'none' });
      programs.set(key, program);
      await (await program).run(stored, Object.fromEntries(parts.map((part, at) => [`${at}`, rowsOfPart(made[part.name]!, layout, from, to)])));
    }
  }
  for (const program of programs.values()) await (await program).release();
  return { weights: made, release: () => memory.release() };
}

/** The name of the matrix in graphs that pack any of its shape. */
const ANY = 'matrix';

const bytesOfPart = ({ dtype, shape }: Pick<PackedPart, 'dtype' | 'shape'>): number => DTYPES[dtype].bytes * sizeOf(shape);

/** What of a part belongs to some of the matrix's rows, as the graph makes it. */
function rowsOfPart({ dtype, shape, data }: Tensor, { rows }: StoredLayout, from: number, to: number): Tensor {
  const perRow = data.length / rows;
  const [first = 0, ...rest] = shape;
  return { dtype, shape: [(first / rows) * (to - from), ...rest], data: data.subarray(from * perRow, to * perRow) };
}
