import { describe, expect, it } from 'vitest';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';

const recipe = (changes: Record<string, unknown>): Record<string, unknown> => ({
  name: 'test', teacher: { model: 't' }, student: { model: 's' }, data: { train: 'd.jsonl', prompt: '{{q}}' }, train: { steps: 1 }, ...changes,
});

describe('an unknown field is told with the one that is meant', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['spelt nearly so', { data: { train: 'd', promt: '{{q}}' } }, 'there is no field data.promt (did you mean data.prompt?)'],
    ['joined as elsewhere', { train: { learning_rate: 1 } }, 'there is no field train.learning_rate (did you mean train.learningRate?)'],
    ['of another section', { learning_rate: 1 }, 'there is no field learning_rate (did you mean train.learningRate?)'],
    ['of another section, deeper', { train: { steps: 1, rank: 8 } }, 'there is no field train.rank (did you mean student.adapter.rank?)'],
    ['in a section that has kinds', { method: { lamda: 1 } }, 'there is no field method.lamda (did you mean method.lambda?)'],
    ['in a list', { stages: [{ name: 'a', methd: {} }] }, 'there is no field stages.0.methd (did you mean stages.0.method?)'],
    ['two at once', { train: { step: 1, sed: 2 } }, 'there is no field train.step, train.sed (did you mean train.steps?)'],
  ])('%s', (_, changes, told) => {
    expect(() => parseRecipe(recipe(changes), 'test')).toThrow(told);
  });

  it('and alone where none is near, or several are', () => {
    expect(() => parseRecipe(recipe({ train: { steps: 1, moon: 1 } }), 'test')).toThrow(/there is no field train\.moon$/);
    // A teacher has one, and a student.
    expect(() => parseRecipe(recipe({ precision: 'int8' }), 'test')).toThrow(/there is no field precision$/);
  });
});
