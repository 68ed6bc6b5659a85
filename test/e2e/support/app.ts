import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContextOptions, type Page } from 'playwright-core';
import { COMMANDS } from '../../../src-main/contract/worker.ts';
import { openStudio } from '../../../src-main/studio/studio.ts';
import { newToken } from '../../../src-main/web/kept-token.ts';
import { startServer } from '../../../src-main/web/server.ts';
import { childHost } from '../../../src-main/worker/child-host.ts';
import { PATIENCE } from '../../support/patience.ts';
import { SlowSteps } from '../../support/slow-steps.ts';
import { StudioClient } from '../../support/studio-client.ts';
import { jitter } from './jitter.ts';

/** The built interface in a real browser, as `retort serve` shows it, with a data folder of its own. */
export interface App {
  /** For files of the test. */
  folder: string;
  home: string;
  page: Page;
  /** What the page asks, asked by the test. */
  client: StudioClient;
  /** Its runs' steps, for who wants to find one going. */
  slow: SlowSteps;
  /** What the page's console complained of: refusals of the content security policy among others. */
  complaints: string[];
  /** Opens a screen by its address behind the `#`. */
  show(address: string): Promise<void>;
  close(): Promise<void>;
}

export async function openApp(options: BrowserContextOptions = {}): Promise<App> {
  const folder = await mkdtemp(join(tmpdir(), 'retort-e2e-'));
  const home = join(folder, 'home');
  const slow = new SlowSteps(folder);
  const studio = await openStudio({ home, createWorker: () => childHost(join(process.cwd(), 'out/main/worker/entry.js'), COMMANDS, { env: slow.env }) });
  const server = await startServer({ studio, host: '127.0.0.1', port: 0, root: join(process.cwd(), 'out/renderer'), uploads: join(home, 'uploads'), token: newToken() });
  // Debian's; the sandbox needs rights that a container does not give.
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'], timeout: PATIENCE });
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, permissions: ['clipboard-read', 'clipboard-write'], ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await jitter(page);
  await page.goto(server.url);
  await page.getByRole('navigation', { name: 'Screens', exact: true }).waitFor();
  const complaints: string[] = [];
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(error.message));
  return {
    folder, home, page, slow, complaints,
    client: new StudioClient(studio),
    show: async (address) => {
      await page.goto(`${new URL(server.url).origin}/#/${address}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
    },
    close: async () => {
      await browser.close();
      await server.close();
      await studio.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
