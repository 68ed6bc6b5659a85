import { DTYPES } from '../graph/dtype.ts';
import { sizeOf } from '../graph/shape.ts';
import { bytesKept, type KeptWeight } from '../model/frozen/kept.ts';
import { packsOf } from '../model/frozen/open-frozen.ts';
import { packedParts } from '../nn/weights/packed.ts';
import { ENCODINGS } from '../nn/weights/encodings/encodings.ts';

/** The constants that are made, and what ONNX Runtime packs of them for its product. */
const COPIES = 2;

/**
 * What a frozen model's weights take once more for writing: floats and integers packed for ONNX Runtime's products, blocks
 * of a file brought into the form of its product of 4-bit integers. Halves are unpacked as they are needed.
 */
export function packedBytes(kept: readonly KeptWeight[]): number {
  const packs = packsOf(kept);
  return kept.reduce((sum, weight) => {
    const { name, shape, product } = weight;
    const layout = packs.get(name);
    if (layout) return sum + COPIES * packedParts(name, layout).reduce((bytes, part) => bytes + DTYPES[part.dtype].bytes * sizeOf(part.shape), 0);
    const isFloat = product?.as === 'float32' || (product?.as === 'stored' && product.place.encoding === 'F32');
    if (isFloat) return sum + ENCODINGS.F32.bytes * sizeOf(shape);
    return product?.as === 'int8' || product?.as === 'int4' ? sum + bytesKept([{ ...weight, other: null }]).own : sum;
  }, 0);
}
