/**
 * The floating-point formats that weights are stored in, converted from and to float32. Typed arrays are read as
 * little-endian, which every platform of Node and every one of these file formats is.
 */
export const FLOAT_FORMATS = ['F32', 'F16', 'BF16'] as const;
export type FloatFormat = (typeof FLOAT_FORMATS)[number];

export function isFloatFormat(name: string): name is FloatFormat {
  return (FLOAT_FORMATS as readonly string[]).includes(name);
}

export function bytesPerElement(format: FloatFormat): number {
  return format === 'F32' ? 4 : 2;
}

/** Writes the numbers in `bytes` (any alignment) to `out`, which has one element for each. */
export function decodeFloats(format: FloatFormat, bytes: Uint8Array, out: Float32Array): void {
  if (format === 'F32') {
    bytesOf(out).set(bytes);
    return;
  }
  const halves = new Uint16Array(out.length);
  bytesOf(halves).set(bytes);
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  if (format === 'BF16') {
    for (let at = 0; at < halves.length; at++) bits[at] = halves[at]! << 16;
  } else {
    const table = halfTable();
    for (let at = 0; at < halves.length; at++) bits[at] = table[halves[at]!]!;
  }
}

/**
 * The numbers in `format`, rounded to the nearest, halves to even. F32 gives a view of `values`, not a copy.
 * A number over the format's range becomes infinite.
 */
export function encodeFloats(format: FloatFormat, values: Float32Array): Uint8Array {
  if (format === 'F32') return bytesOf(values);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  const round = format === 'BF16' ? toBFloat16 : toFloat16;
  for (let at = 0; at < halves.length; at++) halves[at] = round(bits[at]!);
  return bytesOf(halves);
}

/** Largest finite number of a format. */
export function largestOf(format: FloatFormat): number {
  switch (format) {
    case 'F32': return (2 - 2 ** -23) * 2 ** 127;
    case 'F16': return 65504;
    case 'BF16': return (2 - 2 ** -7) * 2 ** 127;
  }
}

/** The upper half of a float32. */
function toBFloat16(bits: number): number {
  const isNaN = (bits & 0x7fffffff) >>> 0 > 0x7f800000;
  // A NaN stays one even if only its lower bits say so.
  return isNaN ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);

function toFloat16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00;
  // From 65520 on, halfway between the largest number and the next that there is not, infinity is nearest.
  if (size >= 0x477ff000) return sign | 0x7c00;
  if (size < 0x38800000) {
    // Below 2^-14 the steps are 2^-24, the same as those of float32 just above 0.5: adding 0.5 rounds to them.
    floatBits[0] = size;
    float[0] = float[0]! + 0.5;
    return sign | (floatBits[0] - 0x3f000000);
  }
  return sign | ((size + 0xfff + ((size >>> 13) & 1) - 0x38000000) >>> 13);
}

let halfBits: Uint32Array | undefined;

/** The float32 bits of every float16. */
function halfTable(): Uint32Array {
  if (halfBits) return halfBits;
  const values = Float32Array.from({ length: 0x10000 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >>> 10) & 0x1f;
    const fraction = (half & 0x3ff) / 1024;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
    return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15);
  });
  halfBits = new Uint32Array(values.buffer);
  return halfBits;
}

function bytesOf(array: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
