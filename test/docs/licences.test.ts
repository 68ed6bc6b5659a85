import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { licences } from '../../docs/make-licences.ts';

it('resources/licences.json says what package-lock.json does', () => {
  expect(readFileSync('resources/licences.json', 'utf8')).toBe(licences(readFileSync('package-lock.json', 'utf8')));
});
