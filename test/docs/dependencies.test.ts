import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

test('docs/dependencies.md has a line for every dependency and no other', async () => {
  const { dependencies, devDependencies, peerDependencies } = JSON.parse(await read('package.json')) as Record<string, Record<string, string>>;
  const listed = [...(await read('docs/dependencies.md')).matchAll(/^\| `(.+?)` \|/gm)].map(([, name]) => name);
  expect(listed.sort()).toEqual(Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies }).sort());
});

test('the lock file names no registry', async () => {
  expect(await read('package-lock.json')).not.toMatch(/"resolved": "https?:/);
});
