import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { PATIENCE } from '../../support/patience.ts';

export interface Desktop { electron: ElectronApplication; page: Page; home: string }

/** Starts an Electron program on a data folder of its own and waits for its window. */
export async function launch(executablePath: string, home: string, env: Record<string, string> = {}, args: readonly string[] = []): Promise<Desktop> {
  const electron = await _electron.launch({
    executablePath,
    // Chromium's sandbox cannot be set up by root; the sandbox of the page is the application's and stays.
    args: ['--no-sandbox', '--disable-gpu', ...args],
    env: { ...process.env as Record<string, string>, RETORT_HOME: home, RETORT_USER_DATA: join(home, 'electron'), ...env },
    timeout: PATIENCE,
  });
  const page = await electron.firstWindow({ timeout: PATIENCE });
  page.setDefaultTimeout(PATIENCE);
  await electron.context().addInitScript({ path: join(import.meta.dirname, 'page-polyfills.cjs') });
  await page.reload();
  return { electron, page, home };
}

/** A display for the windows, where there is none. @returns ends it again */
export async function display(): Promise<() => void> {
  if (process.env['DISPLAY']) return () => undefined;
  const server: ChildProcess = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1400x1000x24'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const number = await new Promise<string>((resolve, reject) => {
    (server.stdio[3] as NodeJS.ReadableStream).once('data', (text: Buffer) => resolve(text.toString().trim()));
    server.once('error', reject);
  });
  process.env['DISPLAY'] = `:${number}`;
  return () => {
    server.kill();
    delete process.env['DISPLAY'];
  };
}

export async function freshHome(): Promise<{ home: string; remove(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'retort-desktop-'));
  return { home, remove: () => rm(home, { recursive: true, force: true, maxRetries: 5 }) };
}
