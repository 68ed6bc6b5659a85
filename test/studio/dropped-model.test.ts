import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { COMMANDS } from '../../src-main/contract/worker.ts';
import { openStudio } from '../../src-main/studio/studio.ts';
import { createHandlers } from '../../src-main/worker/handlers.ts';
import { memoryHost } from '../../src-main/worker/memory-host.ts';
import { StudioClient } from '../support/studio-client.ts';

const GGUF = join(import.meta.dirname, '../fixtures/model-gguf/llama.gguf');

let home: string;
let client: StudioClient;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'retort-home-'));
  client = new StudioClient(await openStudio({ home, createWorker: () => memoryHost(COMMANDS, createHandlers()) }));
});
afterAll(async () => {
  await client.studio.close();
  await rm(home, { recursive: true });
});

/** A copy as the server makes it of a dropped file. */
async function dropped(place: string, name: string): Promise<string> {
  const folder = join(home, 'uploads', place);
  await mkdir(folder, { recursive: true });
  await copyFile(GGUF, join(folder, name));
  return join(folder, name);
}

it('makes the copy of a dropped GGUF file the model\'s own file, beside others of its name', async () => {
  const first = await client.call('models.add', { path: await dropped('0123456789ab', 'Tiny.gguf'), name: 'Tiny' });
  const second = await client.call('models.add', { path: await dropped('ba9876543210', 'Tiny.gguf') });
  expect([first, second]).toMatchObject([
    { path: join(home, 'models', 'tiny.gguf'), name: 'Tiny', isOwn: true, problem: null },
    { path: join(home, 'models', 'tiny-2.gguf'), name: 'Tiny.gguf', isOwn: true, problem: null },
  ]);
  expect(first.description!.family).toBe('llama');
  expect(await readdir(join(home, 'uploads', '0123456789ab'))).toEqual([]);
});

it('removes it with its file, and brings both back', async () => {
  const path = join(home, 'models', 'tiny.gguf');
  const { trash } = await client.call('models.remove', { path, withFiles: true });
  expect(existsSync(path)).toBe(false);
  await client.call('keeping.restore', { ids: [trash] });
  expect((await client.call('models.list', null)).find((model) => model.path === path)).toMatchObject({ name: 'Tiny', isOwn: true, problem: null });
});

it('leaves what is no model where it is', async () => {
  const path = join(home, 'uploads', 'broken.gguf');
  await writeFile(path, 'not a model');
  await expect(client.call('models.add', { path })).rejects.toThrow('broken.gguf');
  expect(existsSync(path)).toBe(true);
});
