import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { studiesPage } from '../../docs/make-studies.ts';
import { resource } from '../../src-main/service/resources.ts';
import { readStudy } from '../../src-main/service/study/read-study.ts';

test('docs/studies.md says what the validators say (npm run docs rewrites it)', async () => {
  expect(await readFile(new URL('../../docs/studies.md', import.meta.url), 'utf8')).toBe(studiesPage());
});

test('every study that comes with Retort can be read', async () => {
  const files = await readdir(resource('studies'));
  expect(files).toHaveLength(4);
  for (const file of files) {
    const { study, runs } = await readStudy(resource('studies', file));
    expect(runs.length).toBeGreaterThanOrEqual(study.arms.length * 3);
  }
});
