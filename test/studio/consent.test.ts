import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { COMMANDS } from '../../src-main/contract/worker.ts';
import type { AskPerson } from '../../src-main/service/consent/consent.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { openStudio, type Studio } from '../../src-main/studio/studio.ts';
import { createHandlers } from '../../src-main/worker/handlers.ts';
import { memoryHost } from '../../src-main/worker/memory-host.ts';
import { StudioClient } from '../support/studio-client.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let home: string;
beforeAll(async () => {
  project = await tinyProject();
  home = await mkdtemp(join(tmpdir(), 'retort-home-'));
});
afterAll(async () => {
  await project.remove();
  await rm(home, { recursive: true });
});

const open = (askPerson?: AskPerson): Promise<Studio> => openStudio({ home, createWorker: () => memoryHost(COMMANDS, createHandlers()), ...(askPerson && { askPerson }) });
const recipe = (): RecipeInput => project.recipe({
  train: { steps: 1, batchSize: 2 },
  method: { preset: 'rl-gkd', reward: { kind: 'command', command: [process.execPath, '-e', 'process.stdin.on("data", (d) => { for (const _ of String(d).trim().split("\\n")) console.log(1); })'] } },
});

it('a start asks the page, which can say yes to that alone, once', async () => {
  const studio = await open();
  const client = new StudioClient(studio);
  const asked = await studio.call('runs.start', { recipe: recipe() });
  expect(asked).toMatchObject({ ok: false, consent: [{ kind: 'command' }] });
  expect(await studio.call('recipe.forecast', { recipe: recipe(), steps: 2 })).toMatchObject({ ok: false, consent: [{}] });
  await expect(client.call('consent.allow', { digests: ['0'.repeat(64)] })).rejects.toThrow('Nothing of this kind');
  const [reach] = asked.ok ? [] : asked.consent!;
  await client.call('consent.allow', { digests: [reach!.digest] });
  const { runId } = await client.call('runs.start', { recipe: recipe() });
  expect(await client.ended(runId)).toMatchObject({ how: 'done' });
  const other = recipe();
  expect(await studio.call('runs.start', { recipe: { ...other, method: { ...other.method, reward: { kind: 'command', command: ['true'] } } } })).toMatchObject({ ok: false, consent: [{ what: 'true' }] });
  expect(await client.call('consent.list', null)).toMatchObject([{ digest: reach!.digest }]);
  await client.call('consent.remove', { digest: reach!.digest });
  await studio.close();
});

it('where the program asks by itself, no page has a say', async () => {
  let questions = 0;
  const studio = await open(() => {
    questions++;
    return Promise.reject(new Error('no'));
  });
  const asked = await studio.call('runs.start', { recipe: recipe() });
  expect([asked.ok, 'consent' in asked, questions]).toEqual([false, false, 1]);
  expect(await studio.call('consent.allow', { digests: ['0'.repeat(64)] })).toMatchObject({ ok: false });
  await studio.close();
});

it('a recipe is saved over a recipe, and over nothing else', async () => {
  const studio = await open();
  const client = new StudioClient(studio);
  const [mine, theirs] = [join(project.folder, 'mine.json'), join(project.folder, '.bashrc')];
  await writeFile(theirs, 'alias ll="ls -l"');
  const saved = parseRecipe(project.recipe(), 'test');
  await client.call('recipe.save', { path: mine, recipe: saved, replace: false });
  await client.call('recipe.save', { path: mine, recipe: { ...saved, name: 'again' }, replace: true });
  expect(JSON.parse(await readFile(mine, 'utf8'))).toMatchObject({ name: 'again' });
  await expect(client.call('recipe.save', { path: theirs, recipe: saved, replace: true })).rejects.toThrow('is no recipe');
  expect(await readFile(theirs, 'utf8')).toBe('alias ll="ls -l"');
  await studio.close();
});
