import { halves, signed, type BlockFormat } from './blocks.ts';

/**
 * The "K" types: blocks of 256 elements in sub-blocks of 16 or 32, whose scales (and minima) are small integers times
 * one float16 of the block. Two bits of an element lie like this: byte `32 half + i` holds elements `128 half + 32 quarter + i`,
 * the first quarter in its lowest bits.
 */
const SIZE = 256;

/** w = d s q - m t, q of 2 bits; s and t of 4 bits for each 16 elements. */
export const Q2_K: BlockFormat = {
  elements: SIZE, bytes: 84,
  decode(blocks, out) {
    const [scales, minima] = [halves(blocks, this.bytes, 80), halves(blocks, this.bytes, 82)];
    for (let block = 0, at = 0; block < scales.length; block++, at += this.bytes) {
      for (let i = 0; i < SIZE; i++) {
        const packed = blocks[at + (i >> 4)]!;
        const q = twoBits(blocks, at + 16, i);
        out[block * SIZE + i] = scales[block]! * (packed & 15) * q - minima[block]! * (packed >> 4);
      }
    }
  },
};

/** w = d (s - 32) q, q of 3 bits from -4: its highest bit, inverted, is the sign; s of 6 bits for each 16 elements. */
export const Q3_K: BlockFormat = {
  elements: SIZE, bytes: 110,
  decode(blocks, out) {
    const scales = halves(blocks, this.bytes, 108);
    for (let block = 0, at = 0; block < scales.length; block++, at += this.bytes) {
      for (let i = 0; i < SIZE; i++) {
        const low = twoBits(blocks, at + 32, i);
        const high = blocks[at + (i & 31)]! >> (i >> 5) & 1;
        out[block * SIZE + i] = scales[block]! * (scaleOfQ3(blocks, at + 96, i >> 4) - 32) * (low - (high ? 0 : 4));
      }
    }
  },
};

/** w = d s q - m t, q of 4 bits; s and t of 6 bits for each 32 elements. */
export const Q4_K: BlockFormat = {
  elements: SIZE, bytes: 144,
  decode(blocks, out) {
    const [scales, minima] = [halves(blocks, this.bytes, 0), halves(blocks, this.bytes, 2)];
    for (let block = 0, at = 0; block < scales.length; block++, at += this.bytes) {
      for (let part = 0; part < 8; part++) {
        const scale = scales[block]! * scaleOf(blocks, at + 4, part);
        const minimum = minima[block]! * minimumOf(blocks, at + 4, part);
        for (let i = 0; i < 32; i++) {
          out[block * SIZE + part * 32 + i] = scale * nibble(blocks, at + 16, part, i) - minimum;
        }
      }
    }
  },
};

/** As Q4_K, with a fifth bit of each element in 32 bytes of their own: bit `part` of byte `i`. */
export const Q5_K: BlockFormat = {
  elements: SIZE, bytes: 176,
  decode(blocks, out) {
    const [scales, minima] = [halves(blocks, this.bytes, 0), halves(blocks, this.bytes, 2)];
    for (let block = 0, at = 0; block < scales.length; block++, at += this.bytes) {
      for (let part = 0; part < 8; part++) {
        const scale = scales[block]! * scaleOf(blocks, at + 4, part);
        const minimum = minima[block]! * minimumOf(blocks, at + 4, part);
        for (let i = 0; i < 32; i++) {
          const q = nibble(blocks, at + 48, part, i) | (blocks[at + 16 + i]! >> part & 1) << 4;
          out[block * SIZE + part * 32 + i] = scale * q - minimum;
        }
      }
    }
  },
};

/** w = d s (q - 32), q of 6 bits; s a signed byte for each 16 elements. */
export const Q6_K: BlockFormat = {
  elements: SIZE, bytes: 210,
  decode(blocks, out) {
    const scales = halves(blocks, this.bytes, 208);
    for (let block = 0, at = 0; block < scales.length; block++, at += this.bytes) {
      for (let i = 0; i < SIZE; i++) {
        const [half, quarter] = [i >> 7, i >> 5 & 3];
        const packed = blocks[at + half * 64 + (i & 63)]!;
        const q = (quarter < 2 ? packed & 15 : packed >> 4) | twoBits(blocks, at + 128, i) << 4;
        out[block * SIZE + i] = scales[block]! * signed(blocks[at + 192 + (i >> 4)]!) * (q - 32);
      }
    }
  },
};

function twoBits(bytes: Uint8Array, at: number, element: number): number {
  const [half, quarter] = [element >> 7, element >> 5 & 3];
  return bytes[at + half * 32 + (element & 31)]! >> 2 * quarter & 3;
}

/** Sub-blocks lie in pairs: the first in the low nibbles of 32 bytes, the second in the high ones. */
function nibble(bytes: Uint8Array, at: number, part: number, element: number): number {
  const packed = bytes[at + (part >> 1) * 32 + element]!;
  return part & 1 ? packed >> 4 : packed & 15;
}

/** Of the 12 bytes, the first four hold scales 0 to 3, the next four the minima 0 to 3, the last four the low nibbles of both for 4 to 7. */
function scaleOf(bytes: Uint8Array, at: number, part: number): number {
  return part < 4 ? bytes[at + part]! & 63 : bytes[at + 4 + part]! & 15 | bytes[at + part - 4]! >> 2 & 48;
}

function minimumOf(bytes: Uint8Array, at: number, part: number): number {
  return part < 4 ? bytes[at + 4 + part]! & 63 : bytes[at + 4 + part]! >> 4 | bytes[at + part]! >> 2 & 48;
}

function scaleOfQ3(bytes: Uint8Array, at: number, part: number): number {
  const low = part < 8 ? bytes[at + part]! & 15 : bytes[at + part - 8]! >> 4;
  return low | (bytes[at + 8 + (part & 3)]! >> 2 * (part >> 2) & 3) << 4;
}
