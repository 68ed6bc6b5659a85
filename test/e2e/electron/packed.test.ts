import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { requires } from '../../support/requires.ts';
import { display, freshHome } from './launch.ts';
import { oldElectron } from './old-electron.ts';
import { packForOldElectron } from './pack.ts';

requires('display', 'electron')('the packed application', () => {
  let built: string;
  let program: string;
  let folder: { home: string; remove(): Promise<void> };
  let endDisplay: () => void;
  beforeAll(async () => {
    endDisplay = await display();
    folder = await freshHome();
    built = await mkdtemp(join(tmpdir(), 'retort-packed-'));
    program = await packForOldElectron(await oldElectron(), built);
  });
  afterAll(async () => {
    await folder.remove();
    await rm(built, { recursive: true });
    endDisplay();
  });

  /** Starts it. Its fuses forbid the inspector that Playwright starts Electron with, so the page is spoken to as a browser's. */
  async function open(): Promise<{ child: ChildProcess; page: WebSocket }> {
    const child = spawn(program, ['--no-sandbox', '--disable-gpu', '--remote-debugging-port=0', `--user-data-dir=${join(folder.home, 'electron')}`], {
      env: { ...process.env, RETORT_HOME: folder.home }, stdio: ['ignore', 'ignore', 'pipe'],
    });
    const port = await new Promise<string>((resolve, reject) => {
      let text = '';
      child.stderr.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        const found = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1];
        if (found) resolve(found);
      });
      child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${text}`)));
    });
    for (;;) {
      const pages = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json() as { url: string; webSocketDebuggerUrl: string }[];
      const own = pages.find(({ url }) => url.startsWith('app://retort/'));
      if (own) {
        const page = new WebSocket(own.webSocketDebuggerUrl);
        await once(page, 'open');
        return { child, page };
      }
      await sleep(200);
    }
  }

  let lastId = 0;
  /** The value of an expression in the page, awaited. */
  async function evaluate(page: WebSocket, expression: string): Promise<unknown> {
    const id = ++lastId;
    page.send(JSON.stringify({ id, method: 'Runtime.evaluate', params: { expression, awaitPromise: true, returnByValue: true } }));
    for (;;) {
      const [data] = await once(page, 'message') as [Buffer];
      const answer = JSON.parse(data.toString()) as { id?: number; result: { result: { value: unknown }; exceptionDetails?: { text: string } } };
      if (answer.id === id) {
        expect(answer.result.exceptionDetails).toBeUndefined();
        return answer.result.result.value;
      }
    }
  }

  it('has its natives on the disk and nothing of other platforms', () => {
    const unpacked = join(dirname(program), 'resources', 'app.asar.unpacked', 'node_modules');
    expect(existsSync(join(unpacked, 'onnxruntime-node', 'bin', 'napi-v6', 'linux', 'x64', 'libonnxruntime.so.1'))).toBe(true);
    for (const other of ['darwin', 'win32']) expect(existsSync(join(unpacked, 'onnxruntime-node', 'bin', 'napi-v6', other))).toBe(false);
    expect(existsSync(join(unpacked, 'sqlite3', 'build', 'Release', 'node_sqlite3.node'))).toBe(true);
  });

  it('opens and runs the sample through ONNX Runtime and SQLite', async () => {
    const { child, page } = await open();
    const call = (name: string, params: unknown): Promise<{ ok: boolean; result: unknown }> =>
      evaluate(page, `window.retort.call(${JSON.stringify(name)}, ${JSON.stringify(params)})`) as Promise<{ ok: boolean; result: unknown }>;
    try {
      while (!String(await evaluate(page, 'document.body?.textContent')).includes('Run the sample project')) await sleep(200);
      const started = await call('sample.start', { methods: ['gkd'] });
      expect(started).toMatchObject({ ok: true });
      const [runId] = (started.result as { runIds: string[] }).runIds;
      const run = async (): Promise<{ lastStep: number; status: string; error: unknown }> => (await call('runs.get', { runId })).result as { lastStep: number; status: string; error: unknown };
      for (let current = await run(); current.lastStep < 5; current = await run()) {
        expect(['waiting', 'running'], JSON.stringify(current.error)).toContain(current.status);
        await sleep(200);
      }
      expect(await call('runs.stop', { runId, how: 'save' })).toMatchObject({ ok: true });
      while ((await run()).status === 'running') await sleep(200);
      expect(await run()).toMatchObject({ status: 'stopped', checkpoint: { step: expect.any(Number) as number } });
    } finally {
      page.close();
      child.kill();
    }
  }, 400_000);
});
