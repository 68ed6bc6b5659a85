import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src-main/graph/gradient.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { BLOCK_FORMATS } from '../../src-main/model/gguf/dequantize/types.ts';
import { ENCODINGS, type EncodingName } from '../../src-main/nn/weights/encodings/encodings.ts';
import { stored, storedViews } from '../../src-main/nn/weights/stored.ts';
import type { StoredLayout } from '../../src-main/nn/weights/stored-layout.ts';
import { float32, int32, tensorOf, type Tensor } from '../../src-main/runtime/tensor.ts';
import { noise, runGraph } from '../support/run-graph.ts';

type Case = { blocks: string; values: string };
/** Four blocks of every type and gguf-py's numbers for them. */
const CASES = JSON.parse(readFileSync(new URL('../fixtures/model-gguf/blocks.json', import.meta.url), 'utf8')) as Record<string, Case>;
const NAMES = Object.keys(CASES) as EncodingName[];

const bytesOf = (name: string): Buffer => Buffer.from(CASES[name]!.blocks, 'base64');
const numbersOf = (name: string): Float32Array => new Float32Array(Uint8Array.from(Buffer.from(CASES[name]!.values, 'base64')).buffer);
const viewsOf = (name: string, layout: StoredLayout, bytes: Buffer): Record<string, Tensor> =>
  Object.fromEntries(storedViews(name, layout).map((view) => [view.name, tensorOf(view.dtype, view.shape, bytes)]));
const layoutOf = (encoding: EncodingName, rows: number, changes: Partial<StoredLayout> = {}): StoredLayout =>
  ({ encoding, rows, width: numbersOf(encoding).length / rows, of: 'outputs', pairedHeads: null, joinedHeads: null, ...changes });

/** x W^T in double precision. */
function product(x: Tensor, weight: ArrayLike<number>, rows: number): number[] {
  const width = x.shape.at(-1)!;
  return Array.from({ length: x.data.length / width * rows }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += Number(x.data[Math.floor(at / rows) * width + k]) * weight[(at % rows) * width + k]!;
    return sum;
  });
}

describe.each(NAMES)('weights stored as %s', (name) => {
  it('are unpacked to the bits of gguf-py', async () => {
    const layout = layoutOf(name, 2);
    const graph = new Graph();
    const { values } = await runGraph({ values: stored(layout).lookUp(graph.input('ids', 'int32', [2, 1]), { name: 'w', shape: [2, layout.width] }) },
      { ids: int32(Int32Array.of(1, 0), [2, 1]), ...viewsOf('w', layout, bytesOf(name)) });
    const wanted = numbersOf(name);
    expect(Float32Array.from(values!)).toEqual(Float32Array.from([...wanted.subarray(layout.width), ...wanted.subarray(0, layout.width)]));
  });

  it('are multiplied by, and passed back through, as by the numbers they stand for', async () => {
    const layout = layoutOf(name, 4);
    const [x, up] = [noise([3, layout.width], 1), noise([3, 4], 2)];
    const graph = new Graph();
    const value = graph.input('x', 'float32', [3, layout.width]);
    const y = stored(layout).multiply(value, { name: 'w', shape: [4, layout.width], layout: 'out-in' });
    const [back] = gradients(new Map([[y, graph.input('up', 'float32', [3, 4])]]), [value]);
    const found = await runGraph({ y, back: back! }, { x, up, ...viewsOf('w', layout, bytesOf(name)) });
    const weight = numbersOf(name);
    const size = weight.reduce((largest, number) => Math.max(largest, Math.abs(number)), 0);
    const turned = Float32Array.from(weight, (_, at) => weight[(at % 4) * layout.width + Math.floor(at / 4)]!);
    for (const [numbers, wanted] of [[found['y']!, product(x, weight, 4)], [found['back']!, product(up, turned, layout.width)]] as const) {
      expect(Math.max(...numbers.map((number, at) => Math.abs(number - wanted[at]!)))).toBeLessThan(1e-5 * size);
    }
  });
});

/** They lie in no file. */
const MADE_HERE = ['INT8', 'INT4'];

describe('stored weights', () => {
  it('cover every format that GGUF files are read in, with its sizes', () => {
    expect(Object.entries(ENCODINGS).filter(([name]) => !MADE_HERE.includes(name)).map(([name, { elements, bytes }]) => [name, elements, bytes]))
      .toEqual(Object.entries(BLOCK_FORMATS).map(([name, { elements, bytes }]) => [name, elements, bytes]));
  });

  it('of floats are multiplied as they lie, by rows of outputs or of inputs', async () => {
    const halves = { F16: Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x0001, 0x7bff, 0x8000), BF16: Uint16Array.of(0x3f80, 0xc000, 0x3f00, 0x0001, 0x4479, 0x8000) };
    const values = { F16: [1, -2, 0.5, 2 ** -24, 65504, 0], BF16: [1, -2, 0.5, 2 ** -133, 996, 0] };
    for (const encoding of ['F16', 'BF16'] as const) {
      for (const of of ['outputs', 'inputs'] as const) {
        const graph = new Graph();
        const layout: StoredLayout = { encoding, rows: 2, width: 3, of, pairedHeads: null, joinedHeads: null };
        const inputs = of === 'outputs' ? 3 : 2;
        const x = noise([1, inputs], 4);
        const y = stored(layout).multiply(graph.input('x', 'float32', [1, inputs]), { name: 'w', shape: [2, 3], layout: of === 'outputs' ? 'out-in' : 'in-out' });
        const found = await runGraph({ y }, { x, ...viewsOf('w', layout, Buffer.from(halves[encoding].buffer)) });
        const turned = [0, 3, 1, 4, 2, 5].map((at) => values[encoding][at]!);
        product(x, of === 'outputs' ? values[encoding] : turned, of === 'outputs' ? 2 : 3).forEach((number, at) => { expect(found['y']![at]).toBeCloseTo(number, 3); });
      }
    }
  });

  it('have the pairs of a rotary embedding brought apart', async () => {
    const layout: StoredLayout = { encoding: 'F32', rows: 8, width: 2, of: 'outputs', pairedHeads: 4, joinedHeads: null };
    // Row r of the file holds r: heads of four, of which rows 0 and 2 are the first half.
    const weight = float32(Float32Array.from({ length: 16 }, (_, at) => at >> 1), [8, 2]);
    const graph = new Graph();
    const y = stored(layout).multiply(graph.input('x', 'float32', [1, 2]), { name: 'w', shape: [8, 2], layout: 'out-in' });
    expect((await runGraph({ y }, { x: float32(Float32Array.of(1, 0), [1, 2]), w: weight }))['y']).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });

  it('are unpacked piece by piece where they are large, and no sum is shared between uses', async () => {
    const layout: StoredLayout = { encoding: 'Q8_0', rows: 9000, width: 2048, of: 'outputs', pairedHeads: null, joinedHeads: null };
    const graph = new Graph();
    const [a, b] = [graph.input('a', 'float32', [1, 2048]), graph.input('b', 'float32', [1, 2048])];
    const matrix = { name: 'w', shape: [9000, 2048], layout: 'out-in' } as const;
    const [y, z] = [a, b].map((x) => stored(layout).multiply(x, matrix)) as [typeof a, typeof b];
    const bytes = Buffer.alloc(9000 * 64 * 34);
    for (let row = 0; row < 9000; row++) {
      for (let at = row * 64 * 34; at < (row + 1) * 64 * 34; at += 34) { bytes.writeUInt16LE(0x3c00, at); bytes[at + 2] = row & 127; }
    }
    const found = await runGraph({ y, z }, { a: float32(new Float32Array(2048).fill(1), [1, 2048]), b: float32(new Float32Array(2048).fill(2), [1, 2048]), ...viewsOf('w', layout, bytes) });
    expect(found['y']).toEqual(Array.from({ length: 9000 }, (_, row) => 64 * (row & 127)));
    expect(found['z']).toEqual(found['y']!.map((number) => 2 * number));
  });
});
