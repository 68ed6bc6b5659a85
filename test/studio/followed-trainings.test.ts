import { appendFileSync } from 'node:fs';
import { appendFile, cp, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { RunStatus } from '../../src-main/contract/events.ts';
import { recipeSchema } from '../../src-main/contract/recipe.ts';
import { COMMANDS } from '../../src-main/contract/worker.ts';
import { writeHandover } from '../../src-main/service/handover/write-handover.ts';
import { openHome } from '../../src-main/service/home.ts';
import { findRun } from '../../src-main/store/runs.ts';
import { Feed } from '../../src-main/studio/feed.ts';
import { FollowedTrainings } from '../../src-main/studio/followed-trainings.ts';
import { openStudio } from '../../src-main/studio/studio.ts';
import { createHandlers } from '../../src-main/worker/handlers.ts';
import { memoryHost } from '../../src-main/worker/memory-host.ts';
import { StudioClient } from '../support/studio-client.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';
import { trainingStep, trainingStarted } from '../support/training-words.ts';

let project: TinyProject;
let home: string;
let folder: string;
let client: StudioClient;
let count = 0;
const open = async (): Promise<StudioClient> => new StudioClient(await openStudio({ home, createWorker: () => memoryHost(COMMANDS, createHandlers()) }));
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'retort-home-'));
  folder = join(project.folder, `handed-${++count}`);
  await writeHandover(recipeSchema.parse(project.recipe()), folder);
  client = await open();
});
afterEach(async () => {
  await client.studio.close();
  await rm(home, { recursive: true });
});

const at = (...parts: string[]): string => join(folder, 'run', ...parts);
const lines = (...events: object[]): string => events.map((event) => `${JSON.stringify({ at: Date.now(), ...event })}\n`).join('');
const tell = (...events: object[]): Promise<void> => appendFile(at('events.jsonl'), lines(...events));
const stands = async (runId: string): Promise<[RunStatus, number]> => {
  const { status, lastStep } = await client.call('runs.get', { runId });
  return [status, lastStep];
};

it('goes on under the same run where a training that stopped goes on in its folder, and tells the page of everything', async () => {
  await tell(trainingStarted(), trainingStep(1, 0.5), { event: 'stopped', step: 1 });
  const { runId } = await client.call('runs.adopt', { folder });
  await expect.poll(() => stands(runId)).toEqual(['stopped', 1]);
  await tell(trainingStarted(1), trainingStep(2, 0.4));
  await expect.poll(() => stands(runId)).toEqual(['running', 2]);
  await cp(project.student, at('checkpoints', 'step-2', 'model'), { recursive: true });
  await writeFile(at('checkpoints', 'step-2', 'state.json'), '{"engine":"TRL"}');
  await tell({ event: 'checkpoint', step: 2, path: 'checkpoints/step-2' }, { event: 'done', step: 2, path: 'checkpoints/step-2' });
  await expect.poll(() => stands(runId)).toEqual(['done', 2]);
  expect((await client.call('runs.list', null)).map(({ id }) => id)).toEqual([runId]);
  const told = (): RunStatus[] => client.messages.flatMap((message) => (message.topic === 'ended' ? [message.how] : []));
  await expect.poll(told).toEqual(['stopped', 'done']);
  expect(client.messages.flatMap((message) => (message.topic === 'steps' ? message.steps.map(({ step }) => step) : []))).toEqual(expect.arrayContaining([1, 2]));
});

it('misses nothing of a training that goes on in the very moment in which its last word was read, and is silent then', async () => {
  await tell(trainingStarted(), trainingStep(1, 0.5), { event: 'stopped', step: 1 });
  client.studio.subscribe((message) => {
    if (message.topic === 'ended' && message.how === 'stopped') appendFileSync(at('events.jsonl'), lines(trainingStarted(1), trainingStep(2, 0.4)));
  });
  const { runId } = await client.call('runs.adopt', { folder });
  await expect.poll(() => stands(runId)).toEqual(['running', 2]);
});

it('follows on when the program is opened again, and says once that a training has died', async () => {
  await tell(trainingStarted(), trainingStep(1, 0.5));
  const { runId } = await client.call('runs.adopt', { folder });
  await expect.poll(() => stands(runId)).toEqual(['running', 1]);
  await client.studio.close();
  await tell(trainingStep(2, 0.4));
  const later = new Date(Date.now() + 120_000);
  await utimes(at('events.jsonl'), later, later);
  client = await open();
  await expect.poll(() => stands(runId)).toEqual(['running', 2]);
  const yesterday = new Date(Date.now() - 86_400_000);
  await utimes(at('events.jsonl'), yesterday, yesterday);
  await expect.poll(() => stands(runId)).toEqual(['interrupted', 2]);
  expect(await client.call('runs.get', { runId })).toMatchObject({ error: { message: expect.stringContaining('Nothing has been heard of this training') as string } });
  await client.studio.close();
  client = await open();
  await tell(trainingStarted(2), trainingStep(3, 0.3));
  await expect.poll(() => stands(runId)).toEqual(['running', 3]);
  expect(client.messages.filter(({ topic }) => topic === 'ended')).toEqual([]);
});

it('misses nothing of a training that goes on in the very moment in which the program is open again, and is silent then', async () => {
  await tell(trainingStarted(), trainingStep(1, 0.5), { event: 'stopped', step: 1 });
  const { runId } = await client.call('runs.adopt', { folder });
  await expect.poll(() => stands(runId)).toEqual(['stopped', 1]);
  await client.studio.close();
  const again = await openHome(home);
  const trainings = new FollowedTrainings(again, new Feed());
  await trainings.followKnown();
  appendFileSync(at('events.jsonl'), lines(trainingStarted(1), trainingStep(2, 0.4)));
  await expect.poll(async () => (await findRun(again.database, runId)).lastStep).toBe(2);
  await trainings.stopAll();
  await again.close();
  client = await open();
});

it('leaves a training alone whose run is deleted, and its folder for as long as it goes on', async () => {
  await tell(trainingStarted(), trainingStep(1, 0.5));
  const { runId } = await client.call('runs.adopt', { folder });
  await expect.poll(() => stands(runId)).toEqual(['running', 1]);
  await expect(client.call('runs.delete', { runIds: [runId], withFiles: true })).rejects.toThrow(`The training of run "tiny" goes on in ${at()}`);
  await client.call('runs.delete', { runIds: [runId], withFiles: false });
  expect(await client.call('runs.list', null)).toEqual([]);
});
