import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLI } from '../support/build.ts';
import { markupFaults } from '../support/markup.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let folder: string;
let runDir: string;

function retort(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [CLI, '--home', join(project.folder, 'home'), ...args], { encoding: 'utf8', cwd: folder });
}

beforeAll(async () => {
  project = await tinyProject();
  folder = join(project.folder, 'here');
  runDir = join(project.folder, 'run');
  await mkdir(folder);
  await writeFile(join(project.folder, 'recipe.json'), JSON.stringify(project.recipe({ name: 'Größe: λ=1/2', evaluate: { every: 6, metrics: ['accuracy'] } })));
  expect(retort('run', join(project.folder, 'recipe.json'), '--run-dir', runDir).stderr).toBe('');
});
afterAll(() => project.remove());

it('writes a run under its own name into the current folder, and never over what is there', async () => {
  const made = retort('report', runDir);
  expect(made.stderr).toBe('');
  const file = join(folder, 'größe-λ-1-2.html');
  expect(made.stdout).toContain(`Wrote ${file}`);
  const page = await readFile(file, 'utf8');
  expect(markupFaults(page)).toEqual([]);
  for (const told of ['Größe: λ=1/2', '✓ done', 'Furthest from the teacher', 'class="token level-', 'Held-out divergence', '>accuracy<', 'llama']) expect(page, told).toContain(told);
  // The tokenizer is there, so tokens are told by their texts.
  expect(page).not.toContain('Its tokens by their places');
  expect(page).not.toContain(project.folder);

  const again = retort('report', runDir);
  expect(again.status).toBe(2);
  expect(again.stderr).toContain('exists already');
  expect(again.stderr).toContain('--replace');
  expect(retort('report', runDir, '--replace').status).toBe(0);

  await writeFile(file, 'mine');
  const other = retort('report', runDir, '--replace');
  expect(other.status).toBe(2);
  expect(other.stderr).toContain('is not the report of a run');
  expect(await readFile(file, 'utf8')).toBe('mine');
});

it('prints one JSON document for programs, and says which run is not there', async () => {
  const to = join(folder, 'named.html');
  const { stdout, status } = retort('--json', 'report', runDir, '--to', 'named.html');
  expect(status).toBe(0);
  const told = JSON.parse(stdout) as { run: string; file: string; bytes: number };
  expect(told).toMatchObject({ file: to, run: expect.stringMatching(/^\d{8}-/) });
  expect(told.bytes).toBe((await readFile(to)).length);
  const missing = retort('report', 'nothing');
  expect(missing.status).toBe(2);
  expect(missing.stderr).toContain('No run "nothing"');
});
