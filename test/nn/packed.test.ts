import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packWeights, withPacked } from '../../src-main/decode/pack-weights.ts';
import { writeOnnx } from '../../src-main/graph/onnx/write.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { ENCODINGS, type EncodingName } from '../../src-main/nn/weights/encodings/encodings.ts';
import { canPack, packed } from '../../src-main/nn/weights/packed.ts';
import { storedViews } from '../../src-main/nn/weights/stored.ts';
import type { StoredLayout } from '../../src-main/nn/weights/stored-layout.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { tensorOf } from '../../src-main/runtime/tensor.ts';
import { noise } from '../support/run-graph.ts';

type Case = { blocks: string; values: string };
/** Four blocks of every type and gguf-py's numbers for them. */
const CASES = JSON.parse(readFileSync(new URL('../fixtures/model-gguf/blocks.json', import.meta.url), 'utf8')) as Record<string, Case>;
const PACKABLE = Object.keys(CASES).filter((name): name is EncodingName => 'integers' in ENCODINGS[name as EncodingName]);

const executor = ortExecutor('cpu', 1);

/** A matrix of `rows` by `blocks` blocks out of the four, again and again. */
function matrixOf(encoding: EncodingName, rows: number, blocks: number, changes: Partial<StoredLayout> = {}): { layout: StoredLayout; bytes: Buffer; numbers: (row: number, column: number) => number } {
  const [bytes, values] = [Buffer.from(CASES[encoding]!.blocks, 'base64'), new Float32Array(Uint8Array.from(Buffer.from(CASES[encoding]!.values, 'base64')).buffer)];
  const { bytes: size, elements } = ENCODINGS[encoding];
  const which = Array.from({ length: rows * blocks }, (_, at) => (at * 7 + (at >> 2)) % (values.length / elements));
  return {
    layout: { encoding, rows, width: blocks * elements, of: 'outputs', pairedHeads: null, joinedHeads: null, ...changes },
    bytes: Buffer.concat(which.map((block) => bytes.subarray(block * size, (block + 1) * size))),
    numbers: (row, column) => values[which[row * blocks + Math.floor(column / elements)]! * elements + column % elements]!,
  };
}

/** x W^T by what a session packs, for x of so many rows. */
async function multiplied({ layout, bytes }: ReturnType<typeof matrixOf>, x: ReturnType<typeof noise>): Promise<Float32Array> {
  const weights = Object.fromEntries(storedViews('w', layout).map((view) => [view.name, tensorOf(view.dtype, view.shape, bytes)]));
  const packs = new Map([['w', layout]]);
  const graph = new Graph();
  const y = packed(layout).multiply(graph.input('x', 'float32', ['rows', layout.width]), { name: 'w', shape: [layout.rows, layout.width], layout: 'out-in' });
  const program = await executor.compile(writeOnnx({ y }, { weights: withPacked(() => null, packs) }), { initializers: (await packWeights(executor, packs, weights)).weights });
  const { y: found } = await program.run({ x });
  await program.release();
  return found!.data as Float32Array;
}

describe('packed weights', () => {
  it('are those of all types of integers', () => {
    expect(PACKABLE.sort()).toEqual(['Q2_K', 'Q3_K', 'Q4_0', 'Q4_1', 'Q4_K', 'Q5_0', 'Q5_1', 'Q5_K', 'Q6_K', 'Q8_0']);
    expect(canPack({ encoding: 'Q4_0', rows: 1, width: 32, of: 'inputs', pairedHeads: null, joinedHeads: null })).toBe(false);
  });

  it.each(PACKABLE)('of %s give the products of the numbers that they stand for', async (encoding) => {
    const matrix = matrixOf(encoding, 24, encoding.endsWith('K') ? 3 : 5);
    const { layout: { rows, width }, numbers } = matrix;
    for (const count of [1, 3, 40]) {
      const x = noise([count, width], count);
      const found = await multiplied(matrix, x);
      for (let row = 0; row < count; row++) {
        for (let output = 0; output < rows; output++) {
          let [wanted, size] = [0, 0];
          for (let column = 0; column < width; column++) {
            const term = Number(x.data[row * width + column]) * numbers(output, column);
            wanted += term;
            size += Math.abs(term);
          }
          // Float rounding of a sum whose blocks have their zero moved by at most 16 steps.
          expect(Math.abs(found[row * rows + output]! - wanted)).toBeLessThan(2e-5 * size);
        }
      }
    }
  });

  it('have the pairs of a rotary embedding brought apart', async () => {
    const x = noise([2, 64], 3);
    const plain = matrixOf('Q4_1', 8, 2);
    const [before, after] = [await multiplied(plain, x), await multiplied({ ...plain, layout: { ...plain.layout, pairedHeads: 4 } }, x)];
    const order = [0, 2, 1, 3, 4, 6, 5, 7];
    expect([...after]).toEqual([0, 1].flatMap((row) => order.map((output) => before[row * 8 + output])));
  });

  it('are packed some rows at a time where they are many', async () => {
    const matrix = matrixOf('Q8_0', 4100, 64);
    const x = noise([1, 2048], 5);
    const found = await multiplied(matrix, x);
    for (const output of [0, 4095, 4096, 4099]) {
      const [wanted, size] = Array.from({ length: 2048 }, (_, column) => Number(x.data[column]) * matrix.numbers(output, column)).reduce(([sum, all], term) => [sum + term, all + Math.abs(term)], [0, 0]);
      expect(Math.abs(found[output]! - wanted)).toBeLessThan(2e-5 * size);
    }
  });
});
