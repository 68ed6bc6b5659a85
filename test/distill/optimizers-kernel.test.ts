import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { expect, it } from 'vitest';
import { compileKernel } from '../../src-main/distill/optimizers/kernel/compile.ts';
import { createKernel } from '../../src-main/distill/optimizers/kernel/kernel.ts';
import { MEMORY_LIMIT, PAGE } from '../../src-main/runtime/memory/layout.ts';

it('the kernel in the repository is what its source compiles to', async () => {
  const committed = new URL('../../src-main/distill/optimizers/kernel/kernel-wasm.ts', import.meta.url);
  expect(await compileKernel()).toBe(await readFile(committed, 'utf8'));
});

it.skipIf(totalmem() < 8 * 2 ** 30)('the kernel works on the last bytes of the largest memory', () => {
  const memory = new WebAssembly.Memory({ initial: MEMORY_LIMIT / PAGE, maximum: MEMORY_LIMIT / PAGE });
  const kernel = createKernel(memory);
  const [weights, gradients, first, second] = [4, 3, 2, 1].map((groups) => MEMORY_LIMIT - 64 * groups) as [number, number, number, number];
  const view = (address: number) => new Float32Array(memory.buffer, address, 16);
  view(gradients).fill(2);
  kernel.add(second, gradients, 16);
  expect(kernel.sumOfSquares(second, 64)).toBe(64);
  kernel.adamw(weights, gradients, first, second, 64, 0.5, 1, 0.5, 0.5, 0.5, 1, 0, 1);
  expect([...view(first)]).toEqual(new Array(16).fill(0.5));
  expect([...view(second)]).toEqual(new Array(16).fill(1.5));
  expect([...view(weights)]).toEqual(new Array(16).fill(Math.fround(-Math.fround(0.5 / Math.fround(Math.sqrt(1.5))))));
  expect([...view(gradients)]).toEqual(new Array(16).fill(0));
});
