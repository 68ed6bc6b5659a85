import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serverSchema } from '../../src-main/contract/served-teacher.ts';
import { COMMANDS } from '../../src-main/contract/worker.ts';
import type { KeyStore } from '../../src-main/service/servers/key-store.ts';
import { openStudio } from '../../src-main/studio/studio.ts';
import { createHandlers } from '../../src-main/worker/handlers.ts';
import { memoryHost } from '../../src-main/worker/memory-host.ts';
import { StudioClient } from '../support/studio-client.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';
import { TokenServer } from '../support/token-server.ts';

const KEY = 'secret-of-the-test';
const kept = new Map<string, string>();
const keyStore: KeyStore = {
  read: async (address) => kept.get(address) ?? null, write: async (address, secret) => { kept.set(address, secret); }, remove: async (address) => { kept.delete(address); },
};

let project: TinyProject;
let server: TokenServer;
let home: string;
let client: StudioClient;
beforeAll(async () => {
  project = await tinyProject();
  server = await TokenServer.over(project.teacher);
  server.fault = ({ key }) => (key === `Bearer ${KEY}` ? null : { status: 401 });
  home = await mkdtemp(join(tmpdir(), 'retort-home-'));
  client = new StudioClient(await openStudio({ home, createWorker: () => memoryHost(COMMANDS, createHandlers()), askPerson: async () => ({ isKept: true }), keyStore }));
});
afterAll(async () => {
  await client.studio.close();
  await server.close();
  await project.remove();
  await rm(home, { recursive: true });
});

it('a key that is typed in the window opens the server it was typed for, to a test, a forecast and a run, and is in nothing that is kept of them', async () => {
  const settings = serverSchema.parse({ url: server.url, topLogprobs: 17 });
  const tried = { server: settings, student: project.student };
  const recipe = project.recipe({ teacher: { server: settings }, train: { steps: 2, batchSize: 4, learningRate: 1e-3 }, evaluate: { examples: 2 } });
  expect(await client.call('servers.key', { url: server.url })).toEqual({ from: null, canKeep: true });
  await expect(client.call('recipe.tryServer', tried)).rejects.toThrow('wants a key');
  // However the address is written.
  await client.call('servers.keepKey', { url: `${server.url}/v1/`, key: ` ${KEY} ` });
  expect(await client.call('servers.key', { url: server.url })).toEqual({ from: 'key-store', canKeep: true });
  expect(await client.call('servers.key', { url: 'http://127.0.0.1:1' })).toEqual({ from: null, canKeep: true });
  expect(await client.call('recipe.tryServer', tried)).toMatchObject({ model: 'teacher' });
  expect(await client.call('recipe.forecast', { recipe, steps: 2 })).toMatchObject({ steps: 2 });
  const { runId } = await client.call('runs.start', { recipe });
  await client.ended(runId);
  expect(await client.call('runs.get', { runId })).toMatchObject({ status: 'done', error: null });
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) expect((await readFile(join(entry.parentPath, entry.name))).includes(KEY), entry.name).toBe(false);
  }
  await client.call('servers.forgetKey', { url: server.url });
  expect(kept.size).toBe(0);
  await expect(client.call('runs.start', { recipe })).rejects.toThrow('wants a key');
});

it('what no header can carry is no key', async () => {
  await expect(client.call('servers.keepKey', { url: server.url, key: 'two\nlines' })).rejects.toThrow('no key');
});
