import type { Products } from '../../contract/products.ts';
import type { FrozenPrecision } from '../../contract/recipe.ts';
import { sizeOf } from '../../graph/shape.ts';
import { buildDecoder, listMatrices, type ParameterSpec } from '../../nn/build.ts';
import { ENCODINGS } from '../../nn/weights/encodings/encodings.ts';
import { INT4_BLOCK } from '../../nn/weights/int4.ts';
import { sides, type Matrix } from '../../nn/weights/weight-format.ts';
import type { ModelFiles, WeightPlace } from '../model-files.ts';
import { ownBytes, ownLayout } from './own-blocks.ts';

/**
 * How a frozen model keeps one of its weights: as the file has it, read as it is needed from the mapped file (`stored`);
 * or made when the model is opened: float32, float16, or integers with scales. These lie in blocks where a CPU multiplies by
 * them exactly, and each by themselves for all other products.
 */
export type Kept =
  | { readonly as: 'float32' | 'float16' }
  | { readonly as: 'int8' | 'int4'; readonly isExact: boolean; readonly isSigned: boolean }
  | { readonly as: 'blocks'; readonly of: 'int8' | 'int4' }
  | { readonly as: 'stored'; readonly place: WeightPlace };

/** A weight of a frozen model. One that is both a matrix and a table, as a tied embedding is, may be kept in two ways. */
export interface KeptWeight extends ParameterSpec {
  /** Null where nothing is multiplied by it. */
  readonly matrix: Matrix | null;
  readonly product: Kept | null;
  /** As a table, or as a vector. */
  readonly other: Kept | null;
}

/** How the weights of a model are kept, and how it is multiplied by those that are integers: exactly if nothing is said. */
export interface Keeping {
  readonly precision: FrozenPrecision;
  readonly products?: Products | undefined;
}

export interface KeepSettings extends Keeping {
  /** Whether the executor reads weights as they are stored. */
  readonly readsStored: boolean;
  /** Whether integers are kept as signed bytes multiply them; left out where only their size is asked for. */
  readonly signsBytes?: boolean;
}

const FLOAT32: Kept = { as: 'float32' };
const FLOAT16: Kept = { as: 'float16' };
/** Bytes of a scale beside integers. */
const SCALE = 4;

/** How a model is kept in a precision; from its headers alone. */
export function keptWeights(files: ModelFiles, parameters: readonly ParameterSpec[], settings: KeepSettings): KeptWeight[] {
  const decoder = buildDecoder(files.config);
  const matrices = new Map(listMatrices(files.config).map((matrix) => [matrix.name, matrix]));
  const tables = new Set(decoder.tables.map(({ name }) => name));
  return parameters.map((parameter) => {
    const { name } = parameter;
    const matrix = matrices.get(name) ?? null;
    const whole = matrix || tables.has(name) ? wholeNumbers(files, name, settings) : FLOAT32;
    const integers = integersOf(settings);
    // The output layer decides between tokens, and hidden states are hard to round: it is never made of integers.
    const product = matrix && (name === decoder.outputLayer.name ? whole : integers ?? whole);
    return { ...parameter, matrix, product, other: tables.has(name) || !matrix ? whole : null };
  });
}

/** How matrices are kept as integers; null where they are not. */
function integersOf({ precision, products = 'exact', readsStored, signsBytes = false }: KeepSettings): Kept | null {
  if (precision !== 'int8' && precision !== 'int4') return null;
  const isExact = products === 'exact';
  return isExact && readsStored ? { as: 'blocks', of: precision } : { as: precision, isExact, isSigned: signsBytes && !isExact };
}

/** How a matrix or table is kept that is not made of integers here. */
function wholeNumbers(files: ModelFiles, name: string, { precision, readsStored }: KeepSettings): Kept {
  const place = files.place(name);
  const isExact = precision === 'fp32';
  // A GGUF file is exact as it lies; a folder's halves are made float32 where that is asked for, which takes less time.
  if (place === null) return isExact ? FLOAT32 : FLOAT16;
  const lies = files.kind === 'gguf' || place.encoding === 'F32' ? isExact || place.encoding !== 'F32' : !isExact;
  if (readsStored && lies) return { as: 'stored', place };
  return isExact ? FLOAT32 : FLOAT16;
}

/** Bytes of a model as it is kept: those that the system shares with the file, and those of the process. */
export function bytesKept(weights: readonly KeptWeight[]): { mapped: number; own: number } {
  const bytes = { mapped: 0, own: 0 };
  for (const { shape, matrix, product, other } of weights) {
    for (const kept of product && other && isSame(product, other) ? [product] : [product, other]) {
      if (kept?.as === 'stored') bytes.mapped += kept.place.bytes;
      else if (kept?.as === 'blocks') bytes.own += ownBytes(ownLayout(kept.of, matrix!));
      else if (kept) bytes.own += bytesAs(kept.as, shape, matrix);
    }
  }
  return bytes;
}

export const isSame = (a: Kept, b: Kept): boolean => a.as === b.as;

function bytesAs(as: Exclude<Kept['as'], 'stored' | 'blocks'>, shape: readonly number[], matrix: Matrix | null): number {
  switch (as) {
    case 'float32': return ENCODINGS.F32.bytes * sizeOf(shape);
    case 'float16': return ENCODINGS.F16.bytes * sizeOf(shape);
    case 'int8': return sizeOf(shape) + SCALE * sides(matrix!).outputs;
    case 'int4': return sides(matrix!).outputs * Math.ceil(sides(matrix!).inputs / INT4_BLOCK) * (INT4_BLOCK / 2 + SCALE);
  }
}
