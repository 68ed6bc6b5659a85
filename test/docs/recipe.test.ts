import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { recipePage } from '../../docs/make-recipe.ts';

test('docs/recipe.md says what the validators say (npm run docs rewrites it)', async () => {
  expect(await readFile(new URL('../../docs/recipe.md', import.meta.url), 'utf8')).toBe(recipePage());
});
