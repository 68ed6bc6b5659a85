import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

test('docs/how-it-works.md says of every room what it is for', async () => {
  const page = await readFile(new URL('../../docs/how-it-works.md', import.meta.url), 'utf8');
  const told = page.split('\n').filter((line) => /^\| `\w/.test(line)).flatMap((line) => [...line.split('|')[1]!.matchAll(/`([\w-]+)\/`/g)].map(([, room]) => room));
  const rooms = await readdir(new URL('../../src-main/', import.meta.url), { withFileTypes: true });
  expect(told.sort()).toEqual(rooms.filter((entry) => entry.isDirectory()).map(({ name }) => name).sort());
});
