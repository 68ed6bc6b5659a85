import { ENCODINGS } from '../../nn/weights/encodings/encodings.ts';
import { OWN_BLOCK } from '../../nn/weights/encodings/own-blocks.ts';
import { INT4_BLOCK } from '../../nn/weights/int4.ts';
import { INT8_ZERO } from '../../graph/ops/quantized.ts';
import type { QuantizedMatrix } from '../../nn/weights/quantize.ts';
import type { StoredLayout } from '../../nn/weights/stored-layout.ts';
import { sides, type Matrix } from '../../nn/weights/weight-format.ts';

const { elements: SIZE, scaleBytes: START } = OWN_BLOCK;

/** How the integers of a matrix lie in blocks. */
export function ownLayout(as: 'int8' | 'int4', matrix: Matrix): StoredLayout {
  const { inputs, outputs } = sides(matrix);
  return { encoding: as === 'int8' ? 'INT8' : 'INT4', rows: outputs, width: Math.ceil(inputs / SIZE) * SIZE, of: 'outputs', pairedHeads: null, joinedHeads: null };
}

/** Bytes of a matrix in blocks. */
export const ownBytes = ({ encoding, rows, width }: StoredLayout): number => rows * (width / ENCODINGS[encoding].elements) * ENCODINGS[encoding].bytes;

/** A matrix of 8-bit integers, [in, out] about 128 with a scale for each output, in blocks. What fills the last block of an output is zero. */
export function int8Blocks({ integers, scales }: QuantizedMatrix, layout: StoredLayout): Uint8Array {
  const { rows: outputs } = layout;
  const inputs = integers.length / outputs;
  const blocks = new Blocks(layout);
  for (let output = 0; output < outputs; output++) {
    for (let from = 0; from < inputs; from += SIZE) {
      let at = blocks.begin(scales[output]!);
      const to = Math.min(from + SIZE, inputs);
      for (let input = from; input < to; input++) blocks.bytes[at++] = integers[input * outputs + output]! - INT8_ZERO;
    }
  }
  return blocks.bytes;
}

/** A matrix of 4-bit integers, [out, blocks, block / 2] in pairs with a scale for each block, in blocks whose bytes hold an element of each half. */
export function int4Blocks({ integers, scales }: QuantizedMatrix, layout: StoredLayout): Uint8Array {
  const half = INT4_BLOCK / 2;
  const blocks = new Blocks(layout);
  for (let block = 0; block < scales.length; block++) {
    const at = blocks.begin(scales[block]!);
    const element = (index: number): number => (integers[block * half + (index >> 1)]! >> (index % 2 === 0 ? 0 : 4)) & 15;
    for (let index = 0; index < half; index++) blocks.bytes[at + index] = element(index) | (element(half + index) << 4);
  }
  return blocks.bytes;
}

/** Blocks one behind the other. */
class Blocks {
  readonly bytes: Uint8Array;
  private readonly scales: Float32Array;
  private readonly size: number;
  private next = 0;

  constructor(layout: StoredLayout) {
    this.size = ENCODINGS[layout.encoding].bytes;
    this.bytes = new Uint8Array(ownBytes(layout));
    this.scales = new Float32Array(this.bytes.buffer);
  }

  /** @returns where the integers of the next block begin */
  begin(scale: number): number {
    const at = this.size * this.next++;
    this.scales[at / START] = scale;
    return at + START;
  }
}
