import fc from 'fast-check';
import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { layOut, PAGE, type ParameterBlock } from '../../src-main/runtime/memory/layout.ts';
import { ParameterMemory, WEIGHTS } from '../../src-main/runtime/memory/parameter-memory.ts';

const training = ['weights', 'gradients', 'exp_avg', 'exp_avg_sq'];

function block(name: string, shape: readonly number[], regions: readonly string[] = training): ParameterBlock {
  return { name, regions: regions.map((region) => ({ name: region, shape })) };
}

describe('layout', () => {
  const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 700 })), { minLength: 1, maxLength: 12 });

  it('places every region aligned, within its memory and apart from the others', () => {
    fc.assert(fc.property(sizes, (shapes) => {
      const limit = 200 * PAGE;
      const { memoryBytes, placements } = layOut(shapes.map((shape, i) => block(`p${i}`, shape)), limit);
      for (const bytes of memoryBytes) expect(bytes).toBeLessThanOrEqual(limit);
      const placed = [...placements.values()].flatMap((regions) => [...regions.values()]);
      expect(placed).toHaveLength(shapes.length * training.length);
      for (const [i, region] of placed.entries()) {
        expect(region.offset % 64).toBe(0);
        expect(region.bytes).toBeGreaterThanOrEqual(4 * region.length);
        expect(region.offset + region.bytes).toBeLessThanOrEqual(memoryBytes[region.memory]!);
        const next = placed[i + 1];
        if (next?.memory === region.memory) expect(next.offset).toBeGreaterThanOrEqual(region.offset + region.bytes);
      }
    }));
  });

  it('keeps the regions of a parameter in one memory', () => {
    const blocks = [block('a', [100, 100]), block('b', [100, 100]), block('c', [7])];
    const { memoryBytes, placements } = layOut(blocks, 4 * PAGE);
    expect([...placements.values()].map((regions) => [...new Set([...regions.values()].map(({ memory }) => memory))]))
      .toEqual([[0], [1], [1]]);
    expect(memoryBytes).toEqual([3 * PAGE, 3 * PAGE]);
  });

  it('keeps large regions off distances that are powers of two', () => {
    const regions = layOut([block('w', [4096, 4096])]).placements.get('w')!;
    const distance = regions.get('gradients')!.offset - regions.get('weights')!.offset;
    expect(distance % PAGE).toBe(17 * 64);
  });
});

describe('ParameterMemory', () => {
  it('gives zeroed views that share their bytes, in regions of any shape', () => {
    const memory = new ParameterMemory([
      block('a', [3, 5]),
      { name: 'b', regions: [{ name: WEIGHTS, shape: [4, 6] }, { name: 'row_factor', shape: [4] }, { name: 'column_factor', shape: [6] }] },
    ]);
    expect(memory.bytes).toBe(PAGE);
    expect([...memory.view('a', 'exp_avg')]).toEqual(new Array(15).fill(0));
    memory.view('b', 'row_factor').fill(2);
    expect([...memory.view('b', 'row_factor')]).toEqual([2, 2, 2, 2]);
    expect([...memory.view('b', 'column_factor')]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(() => memory.view('b', 'gradients')).toThrow('no gradients of b');
  });

  it('counts the bytes of several memories', () => {
    const memory = new ParameterMemory([block('a', [100, 100]), block('b', [100, 100])], 4 * PAGE);
    expect(memory.memories).toHaveLength(2);
    expect(memory.bytes).toBe(6 * PAGE);
    memory.view('b', 'exp_avg_sq').fill(1);
    expect(memory.view('a', 'exp_avg_sq').every((x) => x === 0)).toBe(true);
  });

  it.skipIf(totalmem() < 8 * 2 ** 30)('reaches tensors close to the 4 GiB end of a memory', () => {
    // Reserved, hardly touched: the system backs only the pages that are written.
    const memory = new ParameterMemory([block('a', [511, 2 ** 18]), block('b', [511, 2 ** 18])]);
    const last = memory.place('b', 'exp_avg_sq');
    expect(last.memory).toBe(0);
    expect(last.offset).toBeGreaterThan(3.4 * 2 ** 30);
    const view = memory.view('b', 'exp_avg_sq');
    view[view.length - 1] = 5;
    expect(new Float32Array(memory.memories[0]!.buffer, last.offset + 4 * (view.length - 1), 1)[0]).toBe(5);
  });
});
