import { halves, signed, type BlockFormat } from './blocks.ts';

/** Blocks of 32 elements with one scale, and in the `_1` types one minimum, as float16 at their beginning. */
const SIZE = 32;
const HALF = SIZE / 2;

/** w = d (q - 8), q of 4 bits; the low nibbles hold the first half of the block, the high ones the second. */
export const Q4_0: BlockFormat = {
  elements: SIZE, bytes: 18,
  decode(blocks, out) {
    const scales = halves(blocks, this.bytes, 0);
    for (let block = 0, at = 2; block < scales.length; block++, at += this.bytes) {
      for (let i = 0; i < HALF; i++) {
        const packed = blocks[at + i]!;
        out[block * SIZE + i] = scales[block]! * ((packed & 15) - 8);
        out[block * SIZE + HALF + i] = scales[block]! * ((packed >> 4) - 8);
      }
    }
  },
};

/** w = d q + m, q of 4 bits. */
export const Q4_1: BlockFormat = {
  elements: SIZE, bytes: 20,
  decode(blocks, out) {
    const [scales, minima] = [halves(blocks, this.bytes, 0), halves(blocks, this.bytes, 2)];
    for (let block = 0, at = 4; block < scales.length; block++, at += this.bytes) {
      for (let i = 0; i < HALF; i++) {
        const packed = blocks[at + i]!;
        out[block * SIZE + i] = scales[block]! * (packed & 15) + minima[block]!;
        out[block * SIZE + HALF + i] = scales[block]! * (packed >> 4) + minima[block]!;
      }
    }
  },
};

/** w = d (q - 16), q of 5 bits, whose highest bits stand together in 4 bytes before the nibbles. */
export const Q5_0: BlockFormat = {
  elements: SIZE, bytes: 22,
  decode(blocks, out) {
    const scales = halves(blocks, this.bytes, 0);
    for (let block = 0; block < scales.length; block++) {
      fiveBits(blocks, block * this.bytes + 2, (i, q) => { out[block * SIZE + i] = scales[block]! * (q - 16); });
    }
  },
};

/** w = d q + m, q of 5 bits. */
export const Q5_1: BlockFormat = {
  elements: SIZE, bytes: 24,
  decode(blocks, out) {
    const [scales, minima] = [halves(blocks, this.bytes, 0), halves(blocks, this.bytes, 2)];
    for (let block = 0; block < scales.length; block++) {
      fiveBits(blocks, block * this.bytes + 4, (i, q) => { out[block * SIZE + i] = scales[block]! * q + minima[block]!; });
    }
  },
};

function fiveBits(bytes: Uint8Array, at: number, use: (element: number, q: number) => void): void {
  const high = bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
  for (let i = 0; i < HALF; i++) {
    const packed = bytes[at + 4 + i]!;
    use(i, packed & 15 | (high >>> i & 1) << 4);
    use(HALF + i, packed >> 4 | (high >>> HALF + i & 1) << 4);
  }
}

/** w = d q, q a signed byte. */
export const Q8_0: BlockFormat = {
  elements: SIZE, bytes: 34,
  decode(blocks, out) {
    const scales = halves(blocks, this.bytes, 0);
    for (let block = 0, at = 2; block < scales.length; block++, at += this.bytes) {
      for (let i = 0; i < SIZE; i++) out[block * SIZE + i] = scales[block]! * signed(blocks[at + i]!);
    }
  },
};
