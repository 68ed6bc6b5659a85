import { expect, it } from 'vitest';
import { asBegun } from '../../src-main/contract/products.ts';
import { recipeSchema, type RecipeInput } from '../../src-main/contract/recipe.ts';

const recipe = ({ teacher, student }: { teacher?: object; student?: object }): RecipeInput => ({
  name: 'p', teacher: { model: 't', ...teacher }, student: { model: 's', ...student }, data: { train: 'd.jsonl', prompt: '{{q}}', completion: '{{a}}' }, train: { steps: 1 },
});
const parsed = (changes: Parameters<typeof recipe>[0]): (string | undefined)[] => {
  const { teacher, student } = recipeSchema.parse(recipe(changes));
  return [teacher!.products, student.products];
};

it('integers are multiplied exactly unless the recipe says otherwise, and the recipe says so', () => {
  expect(parsed({ teacher: { precision: 'int8' }, student: { adapter: {}, precision: 'int4' } })).toEqual(['exact', 'exact']);
  expect(parsed({ teacher: { precision: 'int4', products: 'fast' } })).toEqual(['fast', undefined]);
  expect(parsed({ teacher: { precision: 'fp16' } })).toEqual([undefined, undefined]);
  // What is read of a recipe that was written is what was written.
  const whole = recipeSchema.parse(recipe({ teacher: { precision: 'int8' } }));
  expect(recipeSchema.parse(whole)).toEqual(whole);
});

it('products of weights that are no integers are refused by the name of the field', () => {
  const told = recipeSchema.safeParse(recipe({ teacher: { products: 'exact' }, student: { precision: 'fp16', products: 'fast' } })).error!.issues.map(({ path, message }) => [path.join('.'), message]);
  expect(told).toEqual([
    ['teacher.products', 'is for the precisions int8 and int4, and the precision is fp32'],
    ['student.products', 'is for the precisions int8 and int4, and the precision is fp16'],
  ]);
  const served = recipeSchema.safeParse({ ...recipe({}), teacher: { server: { protocol: 'vllm', url: 'http://127.0.0.1:1' }, products: 'fast' } });
  expect(served.error!.issues.map(({ path }) => path.join('.'))).toEqual(['teacher.products']);
});

it('a run that an older version began goes on with its fast products', () => {
  const begun = (precision: string, products?: string): object => ({ teacher: { model: 't', precision, ...(products && { products }) }, student: { model: 's' }, train: { steps: 1 } });
  expect(asBegun(begun('int8'))).toEqual(begun('int8', 'fast'));
  expect(asBegun(begun('int4', 'exact'))).toEqual(begun('int4', 'exact'));
  expect(asBegun(begun('fp16'))).toEqual(begun('fp16'));
  expect(asBegun({ student: { model: 's', precision: 'int4' } })).toEqual({ student: { model: 's', precision: 'int4', products: 'fast' } });
  expect([asBegun(null), asBegun('text')]).toEqual([null, 'text']);
});
