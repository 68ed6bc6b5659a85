import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requires } from '../../support/requires.ts';
import { SlowSteps } from '../../support/slow-steps.ts';
import { tinyProject, type TinyProject } from '../../support/tiny-project.ts';
import { call, Desktops, ended } from './desktops.ts';
import { freshHome, type Desktop } from './launch.ts';

/** What the main process was asked for, kept there by the stubs below. */
interface Kept { asked: { title?: string; properties?: string[]; defaultPath?: string; message?: string; filters?: { name: string }[] }[]; shown: { title: string; body: string; on: string }[]; bars: number[]; blockers: number[] }

requires('display', 'electron')('what the desktop adds', () => {
  let desktops: Desktops;
  let project: TinyProject;
  let folder: { home: string; remove(): Promise<void> };
  let desktop: Desktop;
  let slow: SlowSteps;
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

  const open = (): Promise<Desktop> => desktops.open(folder.home, { RETORT_TEST_SLOW: slow.env.RETORT_TEST_SLOW });
  const kept = <Name extends keyof Kept>(name: Name): Promise<Kept[Name]> =>
    desktop.electron.evaluate((_, key) => ((globalThis as unknown as { kept?: Record<string, unknown> }).kept?.[key] ?? []), name) as Promise<Kept[Name]>;
  /** Chooses in every dialog of the main process from now on. */
  const answerDialogs = (answers: { open?: string[]; save?: string; button?: number }): Promise<void> =>
    desktop.electron.evaluate(({ dialog }, { open = [], save = '', button = 1 }) => {
      const main = globalThis as unknown as { kept: { asked: object[] } };
      main.kept = { ...main.kept, asked: [] };
      const keep = <T>(answer: T) => async (...args: unknown[]): Promise<T> => {
        main.kept.asked.push(args.at(-1) as object);
        return answer;
      };
      Object.assign(dialog, {
        showOpenDialog: keep({ canceled: open.length === 0, filePaths: open }),
        showSaveDialog: keep({ canceled: save === '', filePath: save }),
        showMessageBox: keep({ response: button, checkboxChecked: false }),
      });
    }, answers);
  const chooseInMenu = (label: string): Promise<void> => desktop.electron.evaluate(({ Menu, BrowserWindow }, wanted) => {
    const item = Menu.getApplicationMenu()!.items.flatMap(({ submenu }) => submenu?.items ?? []).find((entry) => entry.label === wanted)!;
    (item as unknown as { click(event: unknown, window: unknown): void }).click(undefined, BrowserWindow.getAllWindows()[0]);
  }, label);
  const start = async (steps: number): Promise<string> =>
    (await call(desktop.page, 'runs.start', { recipe: project.recipe({ train: { steps, batchSize: 6 }, checkpoint: { every: 1000, keep: 1 } }) })).runId;
  const run = (runId: string): ReturnType<typeof call<'runs.get'>> => call(desktop.page, 'runs.get', { runId });
  /** Done and put away: a run whose worker still ends counts as going for what watches it. */
  const finished = async (runId: string): Promise<void> => {
    await expect.poll(async () => (await run(runId)).status).toBe('done');
    await expect.poll(async () => (await call(desktop.page, 'runs.live', null)).live).toEqual([]);
  };
  const stepped = (runId: string): Promise<void> => expect.poll(async () => (await call(desktop.page, 'runs.live', null)).live.find((live) => live.runId === runId)?.step).toBeGreaterThan(2);

  it('opens and saves files by the system\'s dialogs', async () => {
    const { page } = desktop;
    const recipe = join(project.folder, 'recipe.json');
    await writeFile(recipe, JSON.stringify(project.recipe()));
    await answerDialogs({});
    await chooseInMenu('Open …');
    await expect.poll(() => kept('asked')).toMatchObject([{ title: 'Open a recipe, a data file or a model', properties: ['openFile'], filters: [{ name: 'Recipes' }, { name: 'All files' }] }]);
    expect(page.url()).toBe('app://retort/');

    const copy = join(project.folder, 'copy.retort');
    await answerDialogs({ open: [recipe], save: copy });
    await chooseInMenu('Open …');
    await page.waitForURL(/#\/new\/.+/);
    await page.getByRole('button', { name: /^4 Review/ }).click();
    await page.getByText('Nothing is missing').waitFor();
    await page.getByRole('button', { name: 'Save to a file …', exact: true }).click();
    await page.getByRole('status').getByText(`Saved as ${copy}.`).waitFor();
    expect((await kept('asked')).at(-1)).toMatchObject({ title: 'Save the recipe', defaultPath: 'tiny.retort' });
    expect(JSON.parse(await readFile(copy, 'utf8'))).toMatchObject({ name: 'tiny', teacher: { model: project.teacher } });
  });

  it('reads a GGUF file that is dropped on the window from where it lies', async () => {
    const { page } = desktop;
    const file = join(project.folder, 'Dropped here.gguf');
    await copyFile('test/fixtures/model-gguf/llama.gguf', file);
    // As the system drags it: a file that a page makes itself has no place.
    const session = await page.context().newCDPSession(page);
    const data = { items: [], files: [file], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await session.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data });
    await page.getByRole('radio', { name: /A teacher: used as it lies, .* read from where it is/, checked: true }).waitFor();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await expect.poll(async () => (await call(page, 'models.list', null)).find(({ name }) => name === 'Dropped here')).toMatchObject({ path: file, isOwn: false, problem: null });
  });

  it('asks in a dialog of the system before a recipe starts a program, and once', async () => {
    const { page } = desktop;
    const proof = join(project.folder, 'proof');
    const script = join(project.folder, 'reward.mjs');
    await writeFile(script, `
      import { createInterface } from 'node:readline';
      import { writeFileSync } from 'node:fs';
      writeFileSync(${JSON.stringify(proof)}, '');
      for await (const line of createInterface({ input: process.stdin })) if (line) console.log(1);
    `);
    const recipe = project.recipe({
      method: { preset: 'rl-gkd', reward: { kind: 'command', command: [process.execPath, script] } }, train: { steps: 2, batchSize: 2 },
    });
    const start = (): Promise<{ runId: string }> => call(page, 'runs.start', { recipe });
    await answerDialogs({ button: 0 });
    expect((await call(page, 'recipe.check', { recipe, asker: { id: 'test', turn: 1 } })).filter(({ level }) => level === 'problem')).toEqual([]);
    expect(await kept('asked')).toEqual([]);
    await expect(start()).rejects.toThrow('not allowed');
    expect(await kept('asked')).toHaveLength(1);
    expect(JSON.stringify(await kept('asked'))).toContain('reward.mjs');
    expect(existsSync(proof)).toBe(false);

    await answerDialogs({ button: 1 });
    for (const _ of ['asked', 'remembered']) {
      const { runId } = await start();
      await finished(runId);
    }
    expect(existsSync(proof)).toBe(true);
    expect(await kept('asked')).toHaveLength(1);
  });

  it('keeps the machine awake, shows progress and says when a run is done', async () => {
    await desktop.electron.evaluate(({ BrowserWindow, Notification, powerSaveBlocker }) => {
      const kept = { shown: [] as object[], bars: [] as number[], blockers: [] as number[] };
      (globalThis as unknown as { kept: object }).kept = kept;
      Notification.isSupported = () => true;
      // Its methods are each notification's own, but the listener is added through the prototype.
      Notification.prototype.on = function on(name: string, listener: (...args: never[]) => void) {
        Object.assign(kept, { click: listener });
        this.show = () => { kept.shown.push({ title: this.title, body: this.body, on: name }); };
        return this;
      };
      BrowserWindow.prototype.isFocused = () => false;
      BrowserWindow.prototype.setProgressBar = (progress) => { kept.bars.push(progress); };
      const begin = powerSaveBlocker.start.bind(powerSaveBlocker);
      powerSaveBlocker.start = (type) => {
        kept.blockers.push(begin(type));
        return kept.blockers.at(-1)!;
      };
    });
    const blocks = (): Promise<boolean[]> => desktop.electron.evaluate(({ powerSaveBlocker }) => (globalThis as unknown as { kept: Kept }).kept.blockers.map((id) => powerSaveBlocker.isStarted(id)));
    // It is not to be over before it is looked at.
    slow.behind(3);
    const runId = await start(300);
    await stepped(runId);
    // The run before has been put away by now, and its end told.
    await desktop.electron.evaluate(() => { (globalThis as unknown as { kept: Kept }).kept.shown.length = 0; });
    await expect.poll(blocks).toEqual([true]);
    slow.end();
    await finished(runId);
    await expect.poll(() => kept('shown')).toEqual([{ title: 'tiny is done', body: '', on: 'click' }]);
    await expect.poll(blocks).toEqual([false]);
    await desktop.page.evaluate(() => { location.hash = '#/settings'; });
    await desktop.electron.evaluate(() => { (globalThis as unknown as { kept: { click(): void } }).kept.click(); });
    await desktop.page.waitForURL((url) => url.hash === `#/run/${runId}`);
    const bars = await kept('bars');
    expect(bars.at(-1)).toBe(-1);
    const progress = bars.filter((bar) => bar > 0 && bar <= 1);
    expect(progress.length).toBeGreaterThan(1);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));

    // Who looks at the window is not told twice.
    await desktop.electron.evaluate(({ BrowserWindow }) => { BrowserWindow.prototype.isFocused = () => true; });
    const second = await start(5);
    await finished(second);
    await expect.poll(blocks).toEqual([false, false]);
    expect(await kept('shown')).toHaveLength(1);
  });

  it('a second start brings its file to the first, a second program on the data folder only shows', async () => {
    const recipe = join(project.folder, 'recipe.json');
    await desktop.page.evaluate(() => { location.hash = '#/runs'; });
    const second = spawn(desktops.program, ['--no-sandbox', '--disable-gpu', recipe], {
      env: { ...process.env, RETORT_HOME: folder.home, RETORT_USER_DATA: join(folder.home, 'electron'), RETORT_APP: desktops.built }, stdio: 'ignore',
    });
    expect(await once(second, 'exit')).toEqual([0, null]);
    await desktop.page.waitForURL(/#\/new\/.+/);

    const other = await desktops.open(folder.home, { RETORT_USER_DATA: join(folder.home, 'other') });
    await other.page.getByText('Only showing.').waitFor();
    await other.page.getByText(`Data folder ${folder.home} is in use by`).waitFor();
    await expect(call(other.page, 'sample.start', { methods: ['gkd'] })).rejects.toThrow('This one only shows.');
    expect(await call(other.page, 'runs.list', null)).toHaveLength(4);
    await other.electron.close();
    expect(await call(desktop.page, 'app.about', null)).toMatchObject({ readOnly: null });
  });

  it('asks before a run is cut off', async () => {
    slow.behind(3);
    const runId = await start(5000);
    await stepped(runId);
    await answerDialogs({ button: 1 });
    await desktop.electron.evaluate(({ app }) => { app.quit(); });
    await expect.poll(() => kept('asked')).toMatchObject([{ message: 'The run "tiny" is going.' }]);
    await desktop.electron.evaluate(({ BrowserWindow }) => { BrowserWindow.getAllWindows()[0]!.close(); });
    await expect.poll(() => kept('asked')).toHaveLength(2);
    const { step } = (await call(desktop.page, 'runs.live', null)).live[0]!;
    await expect.poll(async () => (await call(desktop.page, 'runs.live', null)).live[0]?.step).toBeGreaterThan(step);

    await answerDialogs({ button: 0 });
    const end = ended(desktop);
    await desktop.electron.evaluate(({ app }) => { app.quit(); });
    expect(await end).toBe(0);
    desktop = await open();
    const saved = await run(runId);
    expect(saved.status).toBe('stopped');
    expect(saved.checkpoint?.step).toBe(saved.lastStep);
    expect(saved.lastStep).toBeGreaterThan(step);
  });

  it('quits at once where the person says so, and tells afterwards that the run was interrupted', async () => {
    slow.behind(3);
    const runId = await start(5000);
    await stepped(runId);
    await answerDialogs({ button: 2 });
    const end = ended(desktop);
    await desktop.electron.evaluate(({ app }) => { app.quit(); });
    expect(await end).toBe(0);
    desktop = await open();
    expect((await run(runId)).status).toBe('interrupted');
    await call(desktop.page, 'runs.resume', { runId });
    await stepped(runId);
    await call(desktop.page, 'runs.stop', { runId, how: 'abandon' });
    await expect.poll(async () => (await run(runId)).status).toBe('stopped');
    // A run that is still being put away would have the next test asked whether to quit.
    await expect.poll(async () => (await call(desktop.page, 'runs.live', null)).live).toEqual([]);
  });

  it('opens where its window was', async () => {
    const bounds = { x: 120, y: 90, width: 900, height: 640 };
    await desktop.electron.evaluate(({ BrowserWindow }, to) => { BrowserWindow.getAllWindows()[0]!.setBounds(to); }, bounds);
    await desktop.electron.close();
    desktop = await open();
    expect(await desktop.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getNormalBounds())).toEqual(bounds);
  });
});
