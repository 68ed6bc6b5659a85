/**
 * Encodes whole rows of a matrix as blocks.
 * @param values  the rows, one after the other
 * @param bytes   room for their blocks
 * @param width   elements of a row, a multiple of the type's block
 * @param weights  how much each element of a row matters (an importance matrix's line); null where all matter by their size
 */
export type Encode = (values: Float32Array, bytes: Uint8Array, width: number, weights: Float32Array | null) => void;

/** The nearest whole number, halves to even. */
export function nearest(value: number): number {
  return value + 6755399441055744 - 6755399441055744;
}

const half = new Float32Array(1);
const halfBits = new Uint32Array(half.buffer);

/** Writes a number as float16, and gives what was written. */
export function writeHalf(bytes: Uint8Array, at: number, value: number): number {
  half[0] = value;
  const bits = toHalf(halfBits[0]!);
  bytes[at] = bits & 255;
  bytes[at + 1] = bits >>> 8;
  return fromHalf(bits);
}

/** Float32's bits as those of a float16, halves to even; beyond its range infinite. */
function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (size >= 0x477ff000) return sign | (size > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (size < 0x38800000) {
    // Below 2^-14 the steps are those of float32 just above 0.5.
    halfBits[0] = size;
    half[0] = half[0]! + 0.5;
    return sign | (halfBits[0] - 0x3f000000);
  }
  return sign | ((size + 0xfff + ((size >>> 13) & 1) - 0x38000000) >>> 13);
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = bits >>> 10 & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}
