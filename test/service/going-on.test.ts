import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { publishCheckpoint } from '../../src-main/run-folder/checkpoint-folder.ts';
import { Problem } from '../../src-main/contract/problem.ts';
import { readCheckpointState, writeCheckpointState, type CheckpointState } from '../../src-main/run-folder/checkpoint-state.ts';
import { CLI } from '../support/build.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let folder: string;
let whole: string;
const at = (...names: string[]): string => join(folder, ...names);

async function retort(home: string, ...args: string[]): Promise<{ code: number; said: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [CLI, '--home', at(home), ...args]);
    return { code: 0, said: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, said: stdout + stderr };
  }
}
const weights = async (run: string): Promise<string> =>
  createHash('sha256').update(await readFile(at(run, 'checkpoints', 'step-12', 'model', 'model.safetensors'))).digest('hex');

/** A copy of the finished run that stands at step 8, in a home that does not know it. */
async function copy(name: string): Promise<void> {
  await cp(at('run'), at(name), { recursive: true });
  await rm(at(name, 'checkpoints', 'step-12'), { recursive: true });
  await writeFile(at(name, 'log.txt'), '');
}

beforeAll(async () => {
  project = await tinyProject();
  ({ folder } = project);
  await writeFile(at('recipe.json'), JSON.stringify(project.recipe()));
  expect(await retort('home', 'run', at('recipe.json'), '--run-dir', at('run'))).toMatchObject({ code: 0 });
  whole = await weights('run');
});
afterAll(() => project.remove());

it('a folder that the history does not know is taken in, measurements and texts with it, and ends as it would have', async () => {
  await copy('unknown');
  expect(await retort('other', 'resume', at('unknown'))).toMatchObject({ code: 0 });
  expect(await weights('unknown')).toBe(whole);
  const of = async (home: string): Promise<{ lastStep: number; evaluations: { step: number }[] }> => {
    const [{ id }] = JSON.parse((await retort(home, '--json', 'runs')).said) as [{ id: string }];
    return JSON.parse((await retort(home, '--json', 'show', id)).said) as { lastStep: number; evaluations: { step: number }[] };
  };
  const [first, second] = [await of('home'), await of('other')];
  expect(second.lastStep).toBe(12);
  expect(second.evaluations.map(({ step }) => step)).toEqual(first.evaluations.map(({ step }) => step));
});

it('what a run reads is compared with what it read at its start', async () => {
  await copy('changed');
  const data = project.recipe().data.train;
  const before = await readFile(data, 'utf8');
  await writeFile(data, before.split('\n').toReversed().join('\n').trimStart());
  try {
    const refused = await retort('third', 'resume', at('changed'));
    expect(refused.code).toBe(2);
    expect(refused.said).toContain(`data.train ${data}`);
    const gone = await retort('third', 'resume', at('changed'), '--changed');
    expect(gone.code).toBe(0);
    expect(gone.said).toContain('warning: What this run reads has changed');
  } finally {
    await writeFile(data, before);
  }
});

it('a damaged checkpoint is passed over, told of and put aside; another one is named by its step', async () => {
  await cp(at('run'), at('damaged'), { recursive: true });
  await writeFile(at('damaged', 'log.txt'), '');
  const last = at('damaged', 'checkpoints', 'step-12');
  const bytes = await readFile(join(last, 'optimizer.safetensors'));
  bytes[bytes.length - 5]! ^= 16;
  await writeFile(join(last, 'optimizer.safetensors'), bytes);
  // A run goes on without these.
  await rm(at('damaged', 'rollouts'), { recursive: true });
  await writeFile(at('damaged', 'checkpoints', 'step-8', 'told.json'), '{"steps":');
  const named = await retort('fourth', 'resume', at('damaged'), '--step', '12');
  expect(named).toMatchObject({ code: 2 });
  expect(named.said).toContain('step 12 is damaged: optimizer.safetensors is not as it was written.');
  const { code, said } = await retort('fourth', 'resume', at('damaged'));
  expect([code, said]).toEqual([0, expect.stringContaining('The run goes on from that of step 8')]);
  expect(await weights('damaged')).toBe(whole);
  expect(await readdir(at('damaged', 'checkpoints', 'put-aside'))).toEqual(['step-12']);
  // Back to an earlier one, and the same way again.
  const back = await retort('fourth', 'resume', at('damaged'), '--step', '8');
  expect([back.code, back.said]).toEqual([0, expect.stringContaining('12 steps from 8')]);
  expect(back.said).not.toContain('begins again');
  expect(await weights('damaged')).toBe(whole);
});

it('a run whose checkpoints were taken away says that it begins again', async () => {
  await copy('bare');
  await rm(at('bare', 'checkpoints'), { recursive: true });
  await mkdir(at('bare', 'checkpoints'));
  const { code, said } = await retort('fifth', 'resume', at('bare'));
  expect([code, said]).toEqual([0, expect.stringContaining('There is no checkpoint in the folder of this run, so it begins again at step 0.')]);
  expect(await weights('bare')).toBe(whole);
});

it.each(['null', '{}', '{"step":-8}', '{"step":8,"totalTokens":1,"microBatchSize":0}', '{"step":4,"totalTokens":1,"microBatchSize":4}'])('a state that reads %s is damaged', async (state) => {
  const step = at('states', 'step-8');
  await mkdir(step, { recursive: true });
  await writeFile(join(step, 'state.json'), state);
  await expect(readCheckpointState(step)).rejects.toThrow(/is damaged|is of step 4, not 8/);
});

it('a state with a changed byte anywhere is damaged', async () => {
  const step = at('own', 'step-8');
  await mkdir(step, { recursive: true });
  const state: CheckpointState = { step: 8, totalTokens: 12345, microBatchSize: 4, threads: 2, rewardBaseline: { mean: 0.25, weight: 3 }, files: { 'told.json': 'ab' } };
  await writeCheckpointState(step, state);
  expect(await readCheckpointState(step)).toEqual(state);
  const whole = await readFile(join(step, 'state.json'));
  for (let place = 0; place < whole.length; place += 1) {
    const bytes = Buffer.from(whole);
    bytes[place]! ^= 1;
    await writeFile(join(step, 'state.json'), bytes);
    const found = await readCheckpointState(step).catch((error: unknown) => error);
    // Only the checksum's own name may change without a loss.
    if (!(found instanceof Problem)) expect(found).toEqual(state);
  }
  await writeFile(join(step, 'state.json'), whole.toString().replace('12345', '12346'));
  await expect(readCheckpointState(step)).rejects.toThrow('is not as it was written');
});

it('a checkpoint that may not be written is told with what to do, and leaves the one before', async () => {
  const checkpoints = at('refused');
  await mkdir(join(checkpoints, 'step-1'), { recursive: true });
  await writeFile(join(checkpoints, 'step-1', 'state.json'), '{}');
  const refused = publishCheckpoint(checkpoints, 2, () => Promise.reject(Object.assign(new Error('permission denied'), { code: 'EACCES' })));
  await expect(refused).rejects.toMatchObject({
    message: `The folder may not be written: the checkpoint of step 2 could not be written. The last checkpoint is whole: ${join(checkpoints, 'step-1')}.`,
    hint: 'Check the permissions of the run folder, then go on with `retort resume`.',
  });
  expect(await readdir(checkpoints)).toEqual(['step-1']);
});
