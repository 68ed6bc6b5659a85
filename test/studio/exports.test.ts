import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ExportPart } from '../../src-main/contract/export-parts.ts';
import { COMMANDS } from '../../src-main/contract/worker.ts';
import { openStudio } from '../../src-main/studio/studio.ts';
import { createHandlers } from '../../src-main/worker/handlers.ts';
import { memoryHost } from '../../src-main/worker/memory-host.ts';
import { StudioClient, until } from '../support/studio-client.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let home: string;
let client: StudioClient;
let runId: string;
beforeAll(async () => {
  project = await tinyProject();
  home = await mkdtemp(join(tmpdir(), 'retort-home-'));
  client = new StudioClient(await openStudio({ home, createWorker: () => memoryHost(COMMANDS, createHandlers()) }));
  ({ runId } = await client.call('runs.start', { recipe: project.recipe() }));
  await client.ended(runId);
});
afterAll(async () => {
  await client.studio.close();
  await project.remove();
  await rm(home, { recursive: true });
});

const onnx = { format: 'onnx', types: ['int8', 'fp32'] } satisfies ExportPart;
const wanted = { parts: [onnx] as ExportPart[], replace: false };
/** How a job ended. */
const jobEnded = (id: string | null) => until(() => client.messages.flatMap((message) => (message.topic === 'jobs' ? message.jobs : [])).findLast((job) => job.id === id && job.state !== 'going'));

it('exports a run as a job that every window sees, and keeps what was found', async () => {
  const { path: to } = await client.call('exports.place', { name: 'Tiny run!' });
  expect(to).toBe(join(home, 'exports', 'tiny-run-'));
  const { jobId } = await client.call('exports.start', { subject: { kind: 'run', runId }, to, ...wanted });
  expect(await jobEnded(jobId)).toMatchObject({ state: 'done', kind: 'export', error: null });
  const [record] = await client.call('exports.list', null);
  expect(record).toMatchObject({ run: runId, step: 12, folder: to, precision: 'fp32,int8', isThere: true });
  expect(record!.report.measuredOn.kind).toBe('data');
  expect(JSON.parse(await readFile(join(to, 'retort-export.json'), 'utf8'))).toEqual({ ...record!.report, files: expect.arrayContaining(['README.md', 'retort-export.json']) });
  const card = await readFile(join(to, 'README.md'), 'utf8');
  expect(card).toContain('"preset": "gkd"');
  // A person's folders are nobody else's business.
  expect(card).not.toContain(project.folder);

  expect(await client.call('exports.start', { subject: { kind: 'run', runId }, to, ...wanted })).toEqual({ jobId: null, taken: true });
  const again = await client.call('exports.start', { subject: { kind: 'run', runId, step: 0 }, to, ...wanted, parts: [{ format: 'onnx', types: ['fp16'] }], replace: true });
  expect(await jobEnded(again.jobId)).toMatchObject({ state: 'done' });
  expect(await client.call('exports.list', null)).toMatchObject([{ step: 0, precision: 'fp16' }, { step: 12 }]);
  await client.call('exports.remove', { id: record!.id });
  expect(await client.call('exports.list', null)).toHaveLength(1);
  expect(existsSync(to)).toBe(true);
});

it('exports any model on texts of its own', async () => {
  const { path: to } = await client.call('exports.place', { name: 'student' });
  const { jobId } = await client.call('exports.start', { subject: { kind: 'model', path: project.student }, to, ...wanted, parts: [onnx, { format: 'safetensors' }] });
  expect(await jobEnded(jobId)).toMatchObject({ state: 'done' });
  const [record] = await client.call('exports.list', null);
  expect(record).toMatchObject({ run: null, step: null, precision: 'fp32,int8,safetensors', report: { measuredOn: { kind: 'own' } } });
});

it('refuses before it begins: a checkpoint that is not there, a folder that is a person\'s own or nobody knows where', async () => {
  const { path: to } = await client.call('exports.place', { name: 'never' });
  await expect(client.call('exports.start', { subject: { kind: 'run', runId, step: 7 }, to, ...wanted })).rejects.toThrow('no checkpoint of step 7');
  await expect(client.call('exports.start', { subject: { kind: 'run', runId }, to: project.folder, ...wanted, replace: true })).rejects.toThrow('is not what Retort has written there');
  await expect(client.call('exports.start', { subject: { kind: 'run', runId }, to: 'never', ...wanted })).rejects.toThrow('never is not a whole path');
  expect(existsSync(to)).toBe(false);
});
