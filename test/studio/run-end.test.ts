import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Settings } from '../../src-main/contract/api/settings.ts';
import { COMMANDS, type Commands } from '../../src-main/contract/worker.ts';
import type { WorkerHost } from '../../src-main/contract/worker-host.ts';
import { openStudio } from '../../src-main/studio/studio.ts';
import type { WorkerKind } from '../../src-main/studio/workers.ts';
import { createHandlers } from '../../src-main/worker/handlers.ts';
import { memoryHost } from '../../src-main/worker/memory-host.ts';
import { StudioClient, until } from '../support/studio-client.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

/**
 * A run tells its end before its worker has put everything away. The workers here put nothing away until they are let,
 * which on a busy machine takes as long.
 */
let putAway: { allowed: Promise<void>; allow(): void };
let made: { kind: WorkerKind; settings: Settings; host: WorkerHost<Commands> }[];

let project: TinyProject;
let home: string;
let client: StudioClient;
let runId: string;

function worker(kind: WorkerKind, settings: Settings): WorkerHost<Commands> {
  const handlers = createHandlers();
  const host = memoryHost(COMMANDS, {
    ...handlers,
    run: async (...asked) => {
      const { allowed } = putAway;
      const outcome = await handlers.run(...asked);
      await allowed;
      return outcome;
    },
  });
  made.push({ kind, settings, host });
  return host;
}
const computing = (): typeof made => made.filter(({ kind }) => kind === 'compute');
const open = async (): Promise<StudioClient> => new StudioClient(await openStudio({ home, createWorker: worker }));

beforeAll(async () => {
  project = await tinyProject();
  home = await mkdtemp(join(tmpdir(), 'retort-home-'));
  made = [];
  client = await open();
});
afterEach(() => putAway.allow());
afterAll(async () => {
  await client.studio.close();
  await project.remove();
  await rm(home, { recursive: true });
});

/** A run that everybody sees stopped while its worker has not put everything away. */
beforeEach(async () => {
  let allow = (): void => undefined;
  putAway = { allowed: new Promise((resolve) => { allow = resolve; }), allow: () => allow() };
  ({ runId } = await client.call('runs.start', { recipe: project.recipe({ train: { steps: 24, batchSize: 4 } }) }));
  await until(() => (client.studio.live()[0]?.step ?? 0) >= 3 || undefined);
  await client.call('runs.stop', { runId, how: 'save' });
  await expect.poll(async () => (await client.call('runs.get', { runId })).status, { interval: 5 }).toBe('stopped');
});

it('a run whose end can be seen is not among the live, so that nobody is asked about it', () => {
  expect(client.studio.live()).toEqual([]);
});

it('a run whose end can be seen is resumed, once, and on a worker of the settings of then', async () => {
  const [first] = computing().slice(-1);
  const threads = first!.settings.threads + 1;
  await client.call('settings.set', { threads });
  const after = client.messages.length;
  const resumed = client.call('runs.resume', { runId });
  await expect(client.call('runs.resume', { runId })).rejects.toThrow('going already');
  // The one that puts away is left to it.
  expect(first!.host.isUsable).toBe(true);
  putAway.allow();
  await resumed;
  await client.ended(runId, client.messages.findIndex((message, at) => at >= after && message.topic === 'live' && message.live.length > 0));
  expect(await client.call('runs.get', { runId })).toMatchObject({ status: 'done', lastStep: 24 });
  expect(computing().slice(-1)[0]!.settings.threads).toBe(threads);
  expect(await first!.host.ended).toBeNull();
});

it('a run whose end can be seen is deleted', async () => {
  const { runDir } = await client.call('runs.get', { runId });
  const deleted = client.call('runs.delete', { runIds: [runId], withFiles: true });
  putAway.allow();
  await deleted;
  expect(existsSync(runDir)).toBe(false);
});

it('a stop that comes when a run has just ended does not stop it when it goes on', async () => {
  await computing().slice(-1)[0]!.host.request('stop', { runId, save: true });
  putAway.allow();
  await client.call('runs.resume', { runId });
  await expect.poll(async () => (await client.call('runs.get', { runId })).status, { interval: 20 }).toBe('done');
});

it('closing waits for it', async () => {
  let isClosed = false;
  const closed = client.studio.close().then(() => { isClosed = true; });
  await expect.poll(() => computing().slice(-1)[0]!.host.isBusy).toBe(true);
  expect(isClosed).toBe(false);
  putAway.allow();
  await closed;
  expect(computing().slice(-1)[0]!.host.isBusy).toBe(false);
  client = await open();
  expect((await client.call('runs.get', { runId })).status).toBe('stopped');
});
