import { expect, it } from 'vitest';
import type { ToldFork } from '../../src-main/contract/inspection.ts';
import { forkChanges } from '../../src-renderer/screens/mistakes/fork-changes.ts';

const text = (letters: string, forks: Partial<ToldFork>[]): Parameters<typeof forkChanges>[0] => ({
  tokens: [...letters].map((letter) => ({ text: letter })),
  forks: forks.map((fork) => ({ position: 0, kind: 'number', gap: 3, text: letters[fork.position ?? 0]!, wanted: '5', continuation: null, ...fork })),
});

it('tells forks that are repaired, that stayed and that are new from one text to a later one', () => {
  const before = text('1+1=3;3', [{ position: 0, wanted: '2' }, { position: 4, wanted: '2' }]);
  // The same mistake at the same place, one repaired, and one that was not there.
  const after = text('1+1=4;4', [{ position: 4, wanted: '2' }, { position: 6, wanted: '9' }]);
  const { repaired, stayed, fresh } = forkChanges(before, after);
  expect(repaired.map(({ position }) => position)).toEqual([0]);
  expect(stayed.map(({ position }) => position)).toEqual([4]);
  expect(fresh.map(({ position }) => position)).toEqual([6]);
});

it('knows a fork again behind other text only where place, kind and tokens are the same', () => {
  const before = text('1+1=3', [{ position: 4, wanted: '2' }]);
  expect(forkChanges(before, text('2+1=3', [{ position: 4, wanted: '2' }])).stayed).toHaveLength(1);
  expect(forkChanges(before, text('2+1=4', [{ position: 4, wanted: '2' }])).stayed).toHaveLength(0);
  expect(forkChanges(before, text('2+1=3', [{ position: 4, wanted: '2', kind: 'format' }])).fresh).toHaveLength(1);
});
