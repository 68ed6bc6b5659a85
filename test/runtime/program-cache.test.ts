import { expect, it } from 'vitest';
import type { Program } from '../../src-main/runtime/program.ts';
import { ProgramCache } from '../../src-main/runtime/program-cache.ts';

/** Names of what is released go into `released`. */
const program = (name: string, released: string[]): { program: Program } => ({ program: { release: async () => { released.push(name); } } as unknown as Program });

it('keeps what was used last, and releases the rest', async () => {
  const released: string[] = [];
  const cache = new ProgramCache(2);
  const get = (name: string): Promise<unknown> => cache.get(name, async () => program(name, released));
  const first = await get('a');
  await get('b');
  expect(await get('a')).toBe(first);
  await get('c');
  expect(released).toEqual(['b']);
  await cache.release();
  expect(released.sort()).toEqual(['a', 'b', 'c']);
});

it('tries again to make what could not be made, for whoever asks next', async () => {
  const released: string[] = [];
  const cache = new ProgramCache(2);
  const failed = cache.get('a', () => Promise.reject(new Error('no memory')));
  const together = cache.get('a', async () => program('never', released));
  await expect(failed).rejects.toThrow('no memory');
  await expect(together).rejects.toThrow('no memory');
  const made = await cache.get('a', async () => program('a', released));
  expect(await cache.get('a', () => Promise.reject(new Error('not asked')))).toBe(made);
  await cache.release();
  expect(released).toEqual(['a']);
});

it('pushes out what is still being made and then fails, without failing itself', async () => {
  const cache = new ProgramCache(1);
  let fail: (error: Error) => void = () => undefined;
  const failing = cache.get('a', () => new Promise((_, reject) => { fail = reject; }));
  const other = cache.get('b', async () => program('b', []));
  fail(new Error('no memory'));
  await expect(failing).rejects.toThrow('no memory');
  expect(await other).toHaveProperty('program');
  await cache.release();
});
