import { DTYPES } from '../graph/dtype.ts';
import { sizeOf } from '../graph/shape.ts';
import { bytesKept, type KeptWeight } from '../model/frozen/kept.ts';
import { packsOf } from '../model/frozen/open-frozen.ts';
import { packedParts } from '../nn/weights/packed.ts';
import { ENCODINGS } from '../nn/weights/encodings/encodings.ts';

/** What a frozen model's weights take for writing. */
export interface PackedBytes {
  /** Of those that a session keeps as constants. */
  constants: number;
  /** Of all that is there beside the model as it is kept. */
  beside: number;
}

/** The constants that are made, and what ONNX Runtime packs of them for its product. */
const COPIES = 2;

/**
 * What a frozen model's weights take once more for writing: floats and integers packed for ONNX Runtime's products, blocks
 * of a file brought into the form of its product of 4-bit integers. Halves are unpacked as they are needed.
 */
export function packedBytes(kept: readonly KeptWeight[]): PackedBytes {
  const packs = packsOf(kept);
  const all = { constants: 0, beside: 0 };
  for (const weight of kept) {
    const layout = packs.get(weight.name);
    const bytes = layout ? packedParts(weight.name, layout).reduce((sum, part) => sum + DTYPES[part.dtype].bytes * sizeOf(part.shape), 0) : constantBytes(weight);
    all.constants += bytes;
    all.beside += layout ? COPIES * bytes : bytes;
  }
  return all;
}

/** Of a weight that is a constant as it is kept, or else none. */
function constantBytes(weight: KeptWeight): number {
  const { shape, product } = weight;
  const isFloat = product?.as === 'float32' || (product?.as === 'stored' && product.place.encoding === 'F32');
  if (isFloat) return ENCODINGS.F32.bytes * sizeOf(shape);
  return product?.as === 'int8' || product?.as === 'int4' ? bytesKept([{ ...weight, other: null }]).own : 0;
}
