import { halves, type BlockFormat } from './blocks.ts';

/** The types of 4 bits whose numbers stand in a table; low nibbles hold the first half of 32 elements, high ones the second. */
const SIZE = 32;
const HALF = SIZE / 2;
const LARGE = 256;

/** What the 4 bits of the IQ4 types mean: closer together around 0, as weights are. */
const NON_LINEAR = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/** Floats of 4 bits (a sign, two bits of exponent, one of mantissa), doubled. */
const FLOAT4 = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

/** w = d t[q], one float16 scale for each 32 elements. */
export const IQ4_NL: BlockFormat = {
  elements: SIZE, bytes: 18,
  decode(blocks, out) {
    const scales = halves(blocks, this.bytes, 0);
    for (let block = 0; block < scales.length; block++) {
      lookUp(NON_LINEAR, blocks, block * this.bytes + 2, scales[block]!, out, block * SIZE);
    }
  },
};

/** w = d (s - 32) t[q]; s of 6 bits for each 32 of 256 elements: two high bits each in bytes 2 and 3, then the low nibbles. */
export const IQ4_XS: BlockFormat = {
  elements: LARGE, bytes: 136,
  decode(blocks, out) {
    const scales = halves(blocks, this.bytes, 0);
    for (let block = 0, at = 0; block < scales.length; block++, at += this.bytes) {
      const high = blocks[at + 2]! | blocks[at + 3]! << 8;
      for (let part = 0; part < LARGE / SIZE; part++) {
        const low = blocks[at + 4 + (part >> 1)]! >> 4 * (part & 1) & 15;
        const scale = (low | (high >> 2 * part & 3) << 4) - 32;
        lookUp(NON_LINEAR, blocks, at + 8 + part * HALF, scales[block]! * scale, out, block * LARGE + part * SIZE);
      }
    }
  },
};

/** w = 2^(e - 128) t[q], e a byte for each 32 elements (the Open Compute Project's MX format). */
export const MXFP4: BlockFormat = {
  elements: SIZE, bytes: 17,
  decode(blocks, out) {
    for (let block = 0, at = 0; at < blocks.length; block++, at += this.bytes) {
      lookUp(FLOAT4, blocks, at + 1, 2 ** (blocks[at]! - 128), out, block * SIZE);
    }
  },
};

function lookUp(table: readonly number[], blocks: Uint8Array, at: number, scale: number, out: Float32Array, to: number): void {
  for (let i = 0; i < HALF; i++) {
    const packed = blocks[at + i]!;
    out[to + i] = scale * table[packed & 15]!;
    out[to + HALF + i] = scale * table[packed >> 4]!;
  }
}
