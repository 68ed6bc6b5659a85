import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requires } from '../../support/requires.ts';
import { SlowSteps } from '../../support/slow-steps.ts';
import { display, freshHome, launch, type Desktop } from './launch.ts';
import { builtForOldElectron, oldElectron, withBootstrap } from './old-electron.ts';

requires('display', 'electron')('the application in a real Electron window', () => {
  let desktop: Desktop;
  let folder: { home: string; remove(): Promise<void> };
  let program: string;
  let env: Record<string, string>;
  let endDisplay: () => void;
  beforeAll(async () => {
    endDisplay = await display();
    const built = resolve(await builtForOldElectron());
    program = await withBootstrap(await oldElectron());
    folder = await freshHome();
    // What is looked at while the run goes takes longer than its 200 steps on a machine with much else to do.
    const slow = new SlowSteps(folder.home);
    slow.behind(40);
    env = { RETORT_APP: built, RETORT_TEST_SLOW: slow.env.RETORT_TEST_SLOW };
    desktop = await launch(program, folder.home, env);
  });
  afterAll(async () => {
    await desktop.electron.close();
    await folder.remove();
    endDisplay();
  });

  const step = async (): Promise<number> => Number(await desktop.page.getByText(/^Step \d+ of 200$/).textContent().then((text) => /\d+/.exec(text ?? '')?.[0]));

  it('gives the page nothing but the bridge', async () => {
    const { page } = desktop;
    expect(page.url()).toMatch(/^app:\/\/retort\//);
    expect(await page.evaluate(() => [typeof (globalThis as { require?: unknown }).require, typeof (globalThis as { process?: unknown }).process])).toEqual(['undefined', 'undefined']);
    expect(await page.evaluate(() => Object.keys((window as unknown as { retort: object }).retort).sort()))
      .toEqual(['call', 'chooseFile', 'onMenu', 'onOpenFile', 'onShowRun', 'pathOf', 'platform', 'reveal', 'subscribe']);
    // Arguments are checked before anything is done with them.
    expect(await page.evaluate(() => (window as unknown as { retort: { reveal(path: unknown): Promise<void> } }).retort.reveal(3).then(() => 'done', () => 'refused'))).toBe('refused');
    expect(await page.evaluate(() => (window as unknown as { retort: { call(name: string, params: unknown): Promise<{ ok: boolean }> } }).retort.call('runs.get', { runId: 3 }))).toMatchObject({ ok: false });
  });

  it('runs the sample project, stops with its work saved and goes on', async () => {
    const { page } = desktop;
    await page.getByRole('button', { name: 'Run the sample project', exact: true }).click();
    await page.getByText(/^Step [1-9]\d* of 200$/).waitFor();
    await page.getByRole('button', { name: 'Stop and save', exact: true }).click();
    await page.getByRole('button', { name: 'Resume', exact: true }).waitFor();
    await page.getByText('stopped', { exact: false }).first().waitFor();
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    // Its steps are few: it is to be the next test that they pass in.
    await page.getByRole('button', { name: 'Stop and save', exact: true }).click();
    await page.getByRole('button', { name: 'Resume', exact: true }).waitFor();
  });

  it('tells of a worker that dies, and goes on from its last checkpoint', async () => {
    const { page, electron } = desktop;
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByRole('button', { name: 'Stop and save', exact: true }).waitFor();
    await page.getByText(/^Step [1-9]\d* of 200$/).waitFor();
    const before = await step();
    // All utility processes of this application that run Node: the one that computes is among them.
    const own = electron.process().pid!;
    const lines = execFileSync('ps', ['--ppid', String(own), '-o', 'pid=,args='], { encoding: 'utf8' }).split('\n');
    const workers = lines.filter((line) => line.includes('node.mojom.NodeService'));
    expect(workers.length).toBeGreaterThan(0);
    for (const worker of workers) process.kill(Number(worker.trim().split(/\s+/)[0]), 'SIGKILL');
    // The reason stands with the run, and is the same after another start.
    const reason = page.getByRole('region', { name: 'What happened', exact: true });
    await reason.getByText(/This run was interrupted.*signal SIGKILL.*ran out of memory/).waitFor();
    await page.reload();
    await reason.getByText(/ran out of memory/).waitFor();
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByText(/^Step [1-9]\d* of 200$/).waitFor();
    expect(await step()).toBeLessThanOrEqual(before + 50);
    await page.getByRole('button', { name: 'Stop and save', exact: true }).click();
    await page.getByRole('button', { name: 'Resume', exact: true }).waitFor();
  });

  it('a reload and a second start show the same', async () => {
    const { page } = desktop;
    await page.reload();
    await page.getByRole('button', { name: 'Resume', exact: true }).waitFor();
    await desktop.electron.close();
    desktop = await launch(program, folder.home, env);
    await desktop.page.getByText('sample, gkd').first().waitFor();
  });

  it('neither leaves its page nor opens another, and runs no code from outside', async () => {
    const { page, electron } = desktop;
    expect(await page.evaluate(() => window.open('https://example.com/'))).toBeNull();
    expect(await page.evaluate(() => fetch('https://example.com/').then(() => 'sent', () => 'refused'))).toBe('refused');
    // An inline script, as an injection would bring one.
    expect(await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.injected = true';
      document.body.append(script);
      return 'injected' in window;
    })).toBe(false);
    expect(await page.evaluate(() => fetch('app://retort/../package.json').then(({ status }) => status))).toBe(404);
    await page.evaluate(() => { location.href = 'https://example.com/'; });
    expect(electron.windows()).toHaveLength(1);
    // Asked of the main process: Playwright waits for a navigation that never comes.
    expect(await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.getURL())).toMatch(/^app:\/\/retort\//);
  });
});
