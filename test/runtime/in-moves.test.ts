import { expect, it } from 'vitest';
import { inMoves, releaseAll, type Held } from '../../src-main/runtime/in-moves.ts';

const held = (name: string, told: string[], error?: Error): Held => ({
  release: () => {
    told.push(name);
    if (error) throw error;
  },
});

it('what a failed opening had opened is released, the last first', async () => {
  const told: string[] = [];
  await expect(inMoves((keep) => {
    keep(held('one', told));
    keep(null);
    keep(held('two', told, new Error('cannot be released')));
    return Promise.reject(new Error('no room'));
  })).rejects.toThrow('no room');
  expect(told).toEqual(['two', 'one']);
});

it('what was opened is left to whoever asked for it', async () => {
  const told: string[] = [];
  expect(await inMoves((keep) => Promise.resolve([keep(held('one', told))]))).toHaveLength(1);
  expect(told).toEqual([]);
});

it('all are released where one of them cannot be', async () => {
  const told: string[] = [];
  await expect(releaseAll([held('one', told, new Error('first')), held('two', told, new Error('second')), held('three', told)])).rejects.toThrow('first');
  expect(told).toEqual(['one', 'two', 'three']);
});
