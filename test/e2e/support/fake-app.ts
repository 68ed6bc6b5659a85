import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContextOptions, type Page } from 'playwright-core';
import { newToken } from '../../../src-main/web/kept-token.ts';
import { startServer } from '../../../src-main/web/server.ts';
import { PATIENCE } from '../../support/patience.ts';
import { FakeStudio, type Answers } from './fake-studio.ts';
import { jitter } from './jitter.ts';

export interface FakeApp { page: Page; studio: FakeStudio; complaints: string[]; show(address: string): Promise<void>; closeServer(): Promise<void>; close(): Promise<void> }

/** The built interface in a real browser, before a program whose answers a test chooses. */
export async function openFakeApp(answers: Answers, options: BrowserContextOptions = {}): Promise<FakeApp> {
  const uploads = await mkdtemp(join(tmpdir(), 'retort-e2e-'));
  const studio = new FakeStudio(answers);
  const server = await startServer({ studio, host: '127.0.0.1', port: 0, root: join(process.cwd(), 'out/renderer'), uploads, token: newToken() });
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'], timeout: PATIENCE });
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })).newPage();
  page.setDefaultTimeout(PATIENCE);
  await jitter(page);
  await page.goto(server.url);
  await page.getByRole('navigation', { name: 'Screens', exact: true }).waitFor();
  const complaints: string[] = [];
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(error.message));
  return {
    page, studio, complaints,
    show: async (address) => {
      await page.goto(`${new URL(server.url).origin}/#/${address}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
    },
    closeServer: () => server.close(),
    close: async () => {
      await browser.close();
      await server.close();
      await rm(uploads, { recursive: true, force: true });
    },
  };
}
