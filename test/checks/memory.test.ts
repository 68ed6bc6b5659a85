import { expect, it } from 'vitest';
import { memory } from '../../src-main/checks/memory.ts';
import type { Needs } from '../../src-main/checks/needs.ts';
import type { Remedy } from '../../src-main/contract/forecast.ts';
import { mergePatch, type JsonObject } from '../../src-main/contract/merge-patch.ts';

const GIB = 2 ** 30;
const REMEDIES: Remedy[] = [
  { label: 'Train an adapter beside weights in fp16', patch: { student: { adapter: {}, precision: 'fp16' } }, peak: 7 * GIB },
  { label: 'Train an adapter', patch: { student: { adapter: {} } }, peak: 15 * GIB },
  { label: 'Compute one example at once', patch: { train: { microBatchSize: 1 } }, peak: 20 * GIB },
];

/** What the check finds in a run that takes 34 GiB. */
const found = (total: number, remedies: Remedy[]): ReturnType<typeof memory.look> => memory.look({
  memory: {
    forecast: { parts: { weights: 30 * GIB, gradients: 4 * GIB } as Needs['memory']['forecast']['parts'], peak: 34 * GIB, free: 10 * GIB, total },
    remedies: async () => remedies,
  },
} as Needs);

it('names every setting of what would make a run fit, an empty adapter as well', async () => {
  const [finding] = (await found(16 * GIB, REMEDIES))!;
  expect(finding).toMatchObject({
    level: 'problem',
    hint: 'It would need less with student.adapter {} with student.precision fp16 (7.0 GiB), student.adapter {} (15.0 GiB), train.microBatchSize 1 (20.0 GiB). Choose smaller models or shorter texts.',
  });
  expect(finding!.mends!.map(({ patch }) => mergePatch({ student: { model: 'm' } }, patch as JsonObject))).toEqual([
    { student: { model: 'm', adapter: {}, precision: 'fp16' } }, { student: { model: 'm', adapter: {} } }, { student: { model: 'm' }, train: { microBatchSize: 1 } },
  ]);
});

it('lets a run start that would fit if others were closed', async () => {
  const [finding] = (await found(64 * GIB, []))!;
  expect(finding).toMatchObject({ level: 'notice', mends: [], hint: 'Close other programs first. Choose smaller models or shorter texts.' });
});
