import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { makeSchema } from '../../src-main/graph/onnx/make-schema.ts';

test('the schema in the repository is what onnx.proto says', async () => {
  const committed = await readFile(new URL('../../src-main/graph/onnx/schema.json', import.meta.url), 'utf8');
  expect(await makeSchema()).toBe(committed);
});
