import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Problem } from '../../src-main/contract/problem.ts';
import { recipeSchema } from '../../src-main/contract/recipe.ts';
import { clearLeftovers, listCheckpoints, pruneCheckpoints, publishCheckpoint } from '../../src-main/run-folder/checkpoint-folder.ts';
import { createRunFolder, openRunFolder } from '../../src-main/run-folder/run-folder.ts';

const recipe = recipeSchema.parse({ name: 'subjects', student: { model: '/s' }, data: { train: '/t' }, train: { steps: 5 } });

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'retort-folder-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const filled = (text: string) => async (folder: string): Promise<void> => {
  await mkdir(join(folder, 'model'));
  await writeFile(join(folder, 'model', 'model.safetensors'), text);
  await writeFile(join(folder, 'state.json'), '{}');
};
const steps = async (checkpoints: string): Promise<number[]> => (await listCheckpoints(checkpoints)).map((checkpoint) => checkpoint.step);

describe('run folder', () => {
  it('is made with the recipe as started, locked, and opened again', async () => {
    const path = join(await temporaryFolder(), 'runs', 'one');
    const folder = await createRunFolder(path, recipe);
    expect(JSON.parse(await readFile(folder.recipe, 'utf8'))).toEqual(recipe);
    expect((await readdir(path)).filter((name) => !name.startsWith('.')).sort()).toEqual(['checkpoints', 'recipe.json', 'recipe.sha256', 'rollouts']);
    await expect(openRunFolder(path)).rejects.toThrow(/in use by this process/);
    await folder.close();
    await (await openRunFolder(path)).close();
  });

  it('is never made over something', async () => {
    const path = await temporaryFolder();
    await writeFile(join(path, 'thesis.txt'), 'mine');
    await expect(createRunFolder(path, recipe)).rejects.toMatchObject({ name: 'Problem', kind: 'input', message: `Run folder ${path} is not empty.` });
    await expect(createRunFolder(join(path, 'thesis.txt'), recipe)).rejects.toThrow(/cannot be made/);
    expect(await readdir(path)).toEqual(['thesis.txt']);

    const run = join(await temporaryFolder(), 'run');
    await (await createRunFolder(run, recipe)).close();
    await expect(createRunFolder(run, recipe)).rejects.toMatchObject({ hint: expect.stringContaining('retort resume') });
  });

  it('is made again where the making of it was cut off, and not where that holds anything', async () => {
    const path = await temporaryFolder();
    await mkdir(join(path, 'checkpoints'));
    await writeFile(join(path, 'recipe.json.tmp-12'), '{"na');
    await (await createRunFolder(path, recipe)).close();
    expect((await readdir(path)).sort()).toEqual(['checkpoints', 'recipe.json', 'recipe.sha256', 'rollouts']);
    const other = await temporaryFolder();
    await mkdir(join(other, 'checkpoints', 'step-3'), { recursive: true });
    await expect(createRunFolder(other, recipe)).rejects.toThrow('is not empty');
  });

  it('is made by one of two that come at once', async () => {
    const path = join(await temporaryFolder(), 'run');
    const results = await Promise.allSettled([createRunFolder(path, recipe), createRunFolder(path, recipe)]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    for (const result of results) {
      if (result.status === 'fulfilled') await result.value.close();
      else expect(result.reason).toBeInstanceOf(Problem);
    }
    expect(JSON.parse(await readFile(join(path, 'recipe.json'), 'utf8'))).toEqual(recipe);
  });

  it('is not opened where there is none', async () => {
    const empty = await temporaryFolder();
    await expect(openRunFolder(empty)).rejects.toThrow(/not a run folder/);
    await expect(openRunFolder(join(empty, 'moved'))).rejects.toMatchObject({ message: `Run folder ${join(empty, 'moved')} is not there.`, hint: expect.stringContaining('retort resume FOLDER') });
  });

  it('clears what was half written when it is opened', async () => {
    const path = join(await temporaryFolder(), 'run');
    const folder = await createRunFolder(path, recipe);
    await publishCheckpoint(folder.checkpoints, 10, filled('whole'));
    await mkdir(join(folder.checkpoints, '.step-20.tmp-123', 'model'), { recursive: true });
    await folder.close();
    await (await openRunFolder(path)).close();
    expect(await readdir(folder.checkpoints)).toEqual(['step-10']);
  });
});

describe('checkpoints', () => {
  it('appear whole or not at all', async () => {
    const checkpoints = join(await temporaryFolder(), 'checkpoints');
    expect(await listCheckpoints(checkpoints)).toEqual([]);
    const path = await publishCheckpoint(checkpoints, 100, async (folder) => {
      await filled('weights')(folder);
      expect(await steps(checkpoints)).toEqual([]);
    });
    expect(path).toBe(join(checkpoints, 'step-100'));
    await publishCheckpoint(checkpoints, 20, filled('earlier'));
    await expect(publishCheckpoint(checkpoints, 200, () => Promise.reject(new Error('no such weights')))).rejects.toThrow('no such weights');
    expect(await listCheckpoints(checkpoints)).toEqual([
      { step: 20, path: join(checkpoints, 'step-20') }, { step: 100, path: join(checkpoints, 'step-100') },
    ]);
    expect((await readdir(checkpoints)).sort()).toEqual(['step-100', 'step-20']);
  });

  it('are replaced by a run that writes the step again, and stay if that fails', async () => {
    const checkpoints = await temporaryFolder();
    const path = await publishCheckpoint(checkpoints, 5, filled('first'));
    await expect(publishCheckpoint(checkpoints, 5, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await readFile(join(path, 'model', 'model.safetensors'), 'utf8')).toBe('first');
    await publishCheckpoint(checkpoints, 5, filled('second'));
    expect(await readFile(join(path, 'model', 'model.safetensors'), 'utf8')).toBe('second');
    expect(await readdir(checkpoints)).toEqual(['step-5']);
  });

  it('are pruned from the oldest', async () => {
    const checkpoints = await temporaryFolder();
    for (const step of [5, 10, 100]) await publishCheckpoint(checkpoints, step, filled('x'));
    await pruneCheckpoints(checkpoints, 5);
    expect(await steps(checkpoints)).toEqual([5, 10, 100]);
    await pruneCheckpoints(checkpoints, 2);
    expect(await readdir(checkpoints).then((names) => names.sort())).toEqual(['step-10', 'step-100']);
  });

  it('are pruned around the best one, which is kept beside the newest', async () => {
    const checkpoints = await temporaryFolder();
    for (const step of [5, 10, 20, 30]) await publishCheckpoint(checkpoints, step, filled('x'));
    await pruneCheckpoints(checkpoints, 1, 10);
    expect(await steps(checkpoints)).toEqual([10, 30]);
    await pruneCheckpoints(checkpoints, 1, 30);
    expect(await steps(checkpoints)).toEqual([30]);
    await pruneCheckpoints(checkpoints, 1, 0);
    expect(await steps(checkpoints)).toEqual([30]);
  });

  it('survive a kill at each point of writing, replacing and pruning', async () => {
    const checkpoints = await temporaryFolder();
    await publishCheckpoint(checkpoints, 10, filled('ten'));
    for (const name of ['.step-5.gone-77', '.step-30.tmp-77', '.step-10.old-77', '.step-20.old-77']) await filled('left')(await made(join(checkpoints, name)));
    await filled('mine')(await made(join(checkpoints, '.step-notes')));
    expect(await steps(checkpoints)).toEqual([10]);
    await clearLeftovers(checkpoints);
    expect((await readdir(checkpoints)).sort()).toEqual(['.step-notes', 'step-10', 'step-20']);
    expect(await readFile(join(checkpoints, 'step-10', 'model', 'model.safetensors'), 'utf8')).toBe('ten');
  });

  it.runIf(process.platform === 'linux')('tell on a full disk where the last whole one is', async () => {
    const checkpoints = await temporaryFolder();
    // Every write to /dev/full fails as on a full disk.
    const full = async (folder: string): Promise<void> => {
      await filled('half')(folder);
      await writeFile('/dev/full', 'no room');
    };
    await expect(publishCheckpoint(checkpoints, 1, full)).rejects.toThrow(/There is no earlier checkpoint/);
    await publishCheckpoint(checkpoints, 200, filled('whole'));
    await expect(publishCheckpoint(checkpoints, 400, full)).rejects.toMatchObject({
      name: 'Problem', kind: 'failure', hint: expect.stringContaining('resume'),
      message: `The disk is full: the checkpoint of step 400 could not be written. The last checkpoint is whole: ${join(checkpoints, 'step-200')}.`,
    });
    const wrapped = publishCheckpoint(checkpoints, 400, (folder) => full(folder).catch((cause: unknown) => { throw new Error('writer failed', { cause }); }));
    await expect(wrapped).rejects.toThrow(/disk is full/);
  });
});

async function made(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return folder;
}
