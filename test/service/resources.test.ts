import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resource, workerEntry } from '../../src-main/service/resources.ts';

test('resources are found from the source', () => {
  expect(existsSync(resource('onnx.proto'))).toBe(true);
});

test('so is the worker', () => {
  expect(existsSync(workerEntry())).toBe(true);
});
