import { decodeFloats } from '../../float-formats.ts';

/** How a tensor type stores its elements: in blocks of a fixed number of elements and bytes. */
export interface BlockFormat {
  /** Elements of a block. */
  readonly elements: number;
  /** Bytes of a block. */
  readonly bytes: number;
  /** Decodes whole blocks to float32, exactly as the C and Python code of GGML does. */
  decode(blocks: Uint8Array, out: Float32Array): void;
}

/** The float16 at byte `offset` of each block of `stride` bytes. */
export function halves(blocks: Uint8Array, stride: number, offset: number): Float32Array {
  const count = blocks.length / stride;
  const bytes = new Uint8Array(2 * count);
  for (let block = 0; block < count; block++) {
    bytes[2 * block] = blocks[block * stride + offset]!;
    bytes[2 * block + 1] = blocks[block * stride + offset + 1]!;
  }
  const out = new Float32Array(count);
  decodeFloats('F16', bytes, out);
  return out;
}

/** A byte as the signed number it stands for. */
export function signed(byte: number): number {
  return (byte << 24) >> 24;
}
