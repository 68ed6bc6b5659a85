import { expect, it } from 'vitest';
import { applyChange } from '../../src-main/contract/apply-change.ts';
import type { JsonObject } from '../../src-main/contract/merge-patch.ts';

const RECIPE: JsonObject = { name: 'a', train: { batchSize: 4 }, stages: [{ name: 'write', train: { steps: 2 } }, { name: 'distil', data: { train: 'x.jsonl' } }] };
/** As it is told of the recipe as it was measured: its list has all that the recipe had then. */
const change = (name: string, patch: Record<string, unknown>, rest = {}): Parameters<typeof applyChange>[1] =>
  ({ patch: { ...rest, stages: (RECIPE['stages'] as JsonObject[]).map((stage) => (stage['name'] === name ? { ...stage, ...patch } : stage)) }, stage: { name, patch } });

it('makes changes of two stages together, whichever comes first', () => {
  const [one, other] = [change('write', { train: { learningRate: 1 } }), change('distil', { train: { steps: 5 } }, { train: { batchSize: 8 } })];
  const both = { name: 'a', train: { batchSize: 8 }, stages: [{ name: 'write', train: { steps: 2, learningRate: 1 } }, { name: 'distil', data: { train: 'x.jsonl' }, train: { steps: 5 } }] };
  expect(applyChange(applyChange(RECIPE, one), other)).toEqual(both);
  expect(applyChange(applyChange(RECIPE, other), one)).toEqual(both);
});

it('finds a stage by its name where others have come or gone since, and leaves alone what is gone', () => {
  const moved = { ...RECIPE, stages: [{ name: 'new' }, { name: 'distil' }] };
  expect(applyChange(moved, change('distil', { train: { steps: 5 } }))).toEqual({ ...moved, stages: [{ name: 'new' }, { name: 'distil', train: { steps: 5 } }] });
  expect(applyChange(moved, change('write', { train: { steps: 5 } }))).toEqual(moved);
});

it('puts a new stage before those that are there by now, once', () => {
  const first = { patch: { stages: [{ name: 'fine-tune', train: { steps: 9 } }, { name: 'distil' }] }, stage: { name: 'fine-tune', patch: { train: { steps: 9 } }, isNew: true } };
  const changed = applyChange(RECIPE, change('write', { train: { learningRate: 1 } }));
  const expected = { ...changed, stages: [{ name: 'fine-tune', train: { steps: 9 } }, ...changed['stages'] as JsonObject[]] };
  expect(applyChange(changed, first)).toEqual(expected);
  expect(applyChange(expected, first)).toEqual(expected);
  // A recipe of one part becomes two.
  expect(applyChange({ name: 'a' }, first)).toEqual({ name: 'a', ...first.patch });
});

it('is a merge patch (RFC 7396) of a recipe of one part', () => {
  expect(applyChange({ a: { b: 1, c: 2 } }, { patch: { a: { b: null }, d: [1] } })).toEqual({ a: { c: 2 }, d: [1] });
});
