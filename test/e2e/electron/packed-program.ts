import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { CallInput, CallName, CallResult } from '../../../src-main/contract/api/api.ts';

/** Milliseconds in which a window must appear. */
const PATIENCE = 60_000;

interface Evaluated { id?: number; result: { result: { value: unknown }; exceptionDetails?: { text: string } } }

/**
 * A packed program that runs. Its fuses forbid the inspector with which Playwright starts Electron, so its page is
 * spoken to as a browser's.
 */
export class PackedProgram {
  readonly pid: number;
  private readonly child: ChildProcess;
  private readonly page: WebSocket;
  private lastId = 0;
  private readonly waiting = new Map<number, { resolve(answer: Evaluated['result']): void; reject(error: Error): void }>();

  private constructor(child: ChildProcess, page: WebSocket) {
    this.pid = child.pid!;
    this.child = child;
    this.page = page;
    page.on('message', (data: Buffer) => {
      const { id, result } = JSON.parse(data.toString()) as Evaluated;
      if (id !== undefined) this.waiting.get(id)?.resolve(result);
    });
    page.once('close', () => { for (const { reject } of this.waiting.values()) reject(new Error('the program is gone')); });
  }

  /** Starts it on a data folder. @throws with what it wrote, where it opens no window */
  static async open(program: string, home: string, env: Record<string, string> = {}): Promise<PackedProgram> {
    const child = spawn(program, ['--no-sandbox', '--disable-gpu', '--remote-debugging-port=0', `--user-data-dir=${join(home, 'electron')}`], {
      env: { ...process.env, RETORT_HOME: home, ...env }, stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => { said += text; });
    const deadline = Date.now() + PATIENCE;
    while (child.exitCode === null && Date.now() < deadline) {
      const address = await pageOf(/DevTools listening on ws:\/\/([^/]+)/.exec(said)?.[1]);
      if (address !== undefined) {
        const page = new WebSocket(address);
        await once(page, 'open');
        return new PackedProgram(child, page);
      }
      await sleep(200);
    }
    child.kill('SIGKILL');
    throw new Error(`no window of ${program} opened (exit code ${child.exitCode}): ${said}`);
  }

  /** The value of an expression in the page, awaited. */
  async evaluate(expression: string): Promise<unknown> {
    const id = this.lastId += 1;
    this.page.send(JSON.stringify({ id, method: 'Runtime.evaluate', params: { expression, awaitPromise: true, returnByValue: true } }));
    const { result, exceptionDetails } = await new Promise<Evaluated['result']>((resolve, reject) => { this.waiting.set(id, { resolve, reject }); });
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result.value;
  }

  /** A call of the interface. */
  async call<Name extends CallName>(name: Name, params: CallInput<Name>): Promise<CallResult<Name>> {
    const answer = await this.evaluate(`window.retort.call(${JSON.stringify(name)}, ${JSON.stringify(params)})`) as { ok: boolean; result: CallResult<Name>; error: unknown };
    if (!answer.ok) throw new Error(JSON.stringify(answer.error));
    return answer.result;
  }

  async close(): Promise<void> {
    this.page.close();
    this.child.kill();
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }
}

/** The address of the interface's page at a debugging port. */
async function pageOf(host: string | undefined): Promise<string | undefined> {
  if (host === undefined) return undefined;
  const pages = await (await fetch(`http://${host}/json/list`)).json() as { url: string; webSocketDebuggerUrl: string }[];
  return pages.find(({ url }) => url.startsWith('app://retort/'))?.webSocketDebuggerUrl;
}
