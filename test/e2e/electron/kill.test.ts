import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lockHolder } from '../../../src-main/run-folder/run-lock.ts';
import { isAlive } from '../../support/processes.ts';
import { requires } from '../../support/requires.ts';
import { SlowSteps } from '../../support/slow-steps.ts';
import { tinyProject, type TinyProject } from '../../support/tiny-project.ts';
import { call, Desktops, ended } from './desktops.ts';
import { freshHome, type Desktop } from './launch.ts';

requires('display', 'electron')('a run in the desktop that is cut off', () => {
  let desktops: Desktops;
  let project: TinyProject;
  let folder: { home: string; remove(): Promise<void> };
  let desktop: Desktop;
  let slow: SlowSteps;
  let whole: (number | null)[];
  beforeAll(async () => {
    desktops = await Desktops.prepare();
    project = await tinyProject();
    folder = await freshHome();
    slow = new SlowSteps(folder.home);
    desktop = await open();
  });
  afterAll(async () => {
    desktops.remove();
    await folder.remove();
    await project.remove();
  });

  /** Electron takes nothing from NODE_OPTIONS: its programs load by themselves what makes steps slow. */
  const open = (): Promise<Desktop> => desktops.open(folder.home, { RETORT_TEST_SLOW: slow.env.RETORT_TEST_SLOW });
  const start = async (): Promise<string> => (await call(desktop.page, 'runs.start', {
    recipe: project.recipe({ train: { steps: 60, batchSize: 6, learningRate: 1e-3 }, checkpoint: { every: 10, keep: 2 } }),
  })).runId;
  const run = (runId: string): ReturnType<typeof call<'runs.get'>> => call(desktop.page, 'runs.get', { runId });
  const becomes = (runId: string, status: string): Promise<void> => expect.poll(async () => (await run(runId)).status).toBe(status);
  const reaches = (runId: string, step: number): Promise<void> => expect.poll(async () => (await run(runId)).lastStep).toBeGreaterThanOrEqual(step);
  const losses = async (runId: string): Promise<(number | null)[]> =>
    (await call(desktop.page, 'runs.steps', { runId, after: -1, limit: 1000 })).map(({ loss }) => loss);
  /** The process that computes a run: those that answer questions have none of its folder. */
  const computing = async (runId: string): Promise<number> => (await lockHolder((await run(runId)).runDir))!.pid;
  /** Processes started by the application whose command line matches. */
  function children(kind: RegExp): number[] {
    const lines = execFileSync('ps', ['--ppid', String(desktop.electron.process().pid), '-o', 'pid=,args='], { encoding: 'utf8' });
    return lines.split('\n').filter((line) => kind.test(line)).map((line) => Number(line.trim().split(/\s+/)[0]));
  }
  const UTILITY = /node\.mojom\.NodeService/;
  const PLAIN = /^\s*\d+ \S*node \S*worker\/entry\.js/;

  it('not at all: the run to compare with', async () => {
    const runId = await start();
    await becomes(runId, 'done');
    whole = await losses(runId);
    expect(whole).toHaveLength(60);
  });

  it('by the death of its utility process: says what it probably was, and goes on identically', async () => {
    slow.behind(25);
    const runId = await start();
    await desktop.page.evaluate((id) => { location.hash = `#/run/${id}`; }, runId);
    await reaches(runId, 25);
    for (const worker of children(UTILITY)) process.kill(worker, 'SIGKILL');
    await becomes(runId, 'interrupted');
    await desktop.page.getByText(/died without a word .* probably ran out of memory/).first().waitFor();
    await desktop.page.getByText(/one allocation over 1 GiB; plain Node, which the settings can choose/).first().waitFor();
    expect((await run(runId)).checkpoint?.step).toBeGreaterThanOrEqual(20);
    slow.end();
    // Nothing is done again by itself.
    expect((await call(desktop.page, 'runs.live', null)).live).toEqual([]);
    await desktop.page.getByRole('button', { name: 'Resume', exact: true }).click();
    await becomes(runId, 'done');
    expect(await losses(runId)).toEqual(whole);
  });

  it('by the death of the whole application: history says interrupted, and it goes on identically', async () => {
    slow.behind(25);
    const runId = await start();
    await reaches(runId, 25);
    const worker = await computing(runId);
    expect(children(UTILITY)).toContain(worker);
    const end = ended(desktop);
    desktop.electron.process().kill('SIGKILL');
    await end;
    // Its worker goes with it.
    await expect.poll(() => isAlive(worker)).toBe(false);
    slow.end();
    desktop = await open();
    const cut = await run(runId);
    expect(cut.status).toBe('interrupted');
    expect(cut.checkpoint?.step).toBeGreaterThanOrEqual(20);
    await call(desktop.page, 'runs.resume', { runId });
    await becomes(runId, 'done');
    expect(await losses(runId)).toEqual(whole);
  });

  it('plain Node is refused in the settings where there is none, computes the same where there is one, and its death is told', async () => {
    const { page, electron } = desktop;
    await page.evaluate(() => { location.hash = '#/settings'; });
    const choice = page.getByLabel('Worker', { exact: true });
    await electron.evaluate(() => {
      const fs = process.mainModule!.require('node:fs') as { existsSync(path: string): boolean; real?: (path: string) => boolean };
      const real = fs.existsSync;
      fs.real = real;
      fs.existsSync = (path) => !path.endsWith('/node') && real(path);
    });
    await choice.selectOption('node');
    await page.getByText('Plain Node was chosen to compute, and none is installed.').waitFor();
    expect(await choice.inputValue()).toBe('electron');
    expect(await call(page, 'settings.get', null)).toMatchObject({ worker: 'electron' });

    await electron.evaluate(() => {
      const fs = process.mainModule!.require('node:fs') as { existsSync: unknown; real: unknown };
      fs.existsSync = fs.real;
    });
    await choice.selectOption('node');
    await expect.poll(async () => (await call(page, 'settings.get', null)).worker).toBe('node');
    slow.behind(25);
    const runId = await start();
    await reaches(runId, 25);
    // Those of before end by themselves.
    await expect.poll(() => children(UTILITY)).toEqual([]);
    const worker = await computing(runId);
    expect(children(PLAIN)).toContain(worker);
    process.kill(worker, 'SIGKILL');
    await becomes(runId, 'interrupted');
    slow.end();
    expect((await run(runId)).error?.message).toMatch(/SIGKILL.*probably ran out of memory/);
    await call(page, 'runs.resume', { runId });
    await becomes(runId, 'done');
    // The same library on the same processor: not a bit differs between the two kinds of worker.
    expect(await losses(runId)).toEqual(whole);
  });
});
