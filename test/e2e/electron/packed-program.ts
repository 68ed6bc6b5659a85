import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { CallInput, CallName, CallResult } from '../../../src-main/contract/api/api.ts';
import { PATIENCE } from '../../support/patience.ts';

/** How much of what the program writes is kept, in characters. */
const TAIL = 8192;

interface Evaluated { result: { value: unknown }; exceptionDetails?: { text: string } }
/** What the page answers; `error` where it was asked nothing that it can answer, or was left meanwhile. */
interface Answer { id?: number; result?: Evaluated; error?: { message: string } }

/**
 * A packed program that runs. Its fuses forbid the inspector with which Playwright starts Electron, so its page is
 * spoken to as a browser's.
 */
export class PackedProgram {
  readonly pid: number;
  private readonly child: ChildProcess;
  private readonly page: WebSocket;
  private lastId = 0;
  private readonly waiting = new Map<number, { resolve(answer: Evaluated): void; reject(error: Error): void }>();
  /** What it has written to stderr of late. */
  private said: string;

  private constructor(child: ChildProcess, page: WebSocket, said: string) {
    this.pid = child.pid!;
    this.child = child;
    this.page = page;
    this.said = said;
    child.stderr?.on('data', (text: string) => { this.said = (this.said + text).slice(-TAIL); });
    page.on('message', (data: Buffer) => {
      const { id = 0, result, error } = JSON.parse(data.toString()) as Answer;
      if (result) this.waiting.get(id)?.resolve(result);
      else this.waiting.get(id)?.reject(this.error(error?.message ?? 'the page answered nothing'));
    });
    page.once('close', () => { for (const { reject } of this.waiting.values()) reject(this.error('the page is gone')); });
  }

  /**
   * Opens a program, uses it and ends it as the system ends one. Where the use fails, its error has what the program wrote, and
   * what it makes of its end.
   */
  static async during(program: string, home: string, use: (opened: PackedProgram) => Promise<void>): Promise<void> {
    const opened = await PackedProgram.open(program, home);
    const failed = await use(opened).then(() => null, (error: unknown) => ({ error }));
    const stayed = await opened.close().then(() => null, (error: unknown) => ({ error }));
    const errors = [failed, stayed].flatMap((caught) => (caught ? [caught.error] : []));
    if (errors.length > 0) throw new Error(`${errors.map(String).join('\n')}\n${opened.lastWords}`, { cause: errors[0] });
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
      const address = await pageOf(/DevTools listening on ws:\/\/([^/]+)\//.exec(said)?.[1]);
      if (address !== undefined) {
        const page = new WebSocket(address);
        await once(page, 'open');
        const opened = new PackedProgram(child, page, said);
        while (await opened.evaluate('location.origin === "app://retort" && document.readyState').catch(() => null) !== 'complete' && Date.now() < deadline) await sleep(100);
        return opened;
      }
      await sleep(200);
    }
    child.kill('SIGKILL');
    throw new Error(`no window of ${program} opened (exit code ${child.exitCode}): ${said}`);
  }

  /** The value of an expression in the page, awaited. */
  async evaluate(expression: string): Promise<unknown> {
    const id = this.lastId += 1;
    if (this.page.readyState !== WebSocket.OPEN) throw this.error(`the page is gone, so it was not asked for ${expression}`);
    const answered = new Promise<Evaluated>((resolve, reject) => { this.waiting.set(id, { resolve, reject }); });
    this.page.send(JSON.stringify({ id, method: 'Runtime.evaluate', params: { expression, awaitPromise: true, returnByValue: true } }));
    const { result, exceptionDetails } = await this.inTime(answered, `an answer to ${expression}`).finally(() => this.waiting.delete(id));
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result.value;
  }

  /** A call of the interface. */
  async call<Name extends CallName>(name: Name, params: CallInput<Name>): Promise<CallResult<Name>> {
    const answer = await this.evaluate(`window.retort.call(${JSON.stringify(name)}, ${JSON.stringify(params)})`) as { ok: boolean; result: CallResult<Name>; error: unknown };
    if (!answer.ok) throw new Error(JSON.stringify(answer.error));
    return answer.result;
  }

  /** Ends it as the system does. @throws where it does not end */
  async close(): Promise<void> {
    const exited: Promise<unknown> = this.child.exitCode !== null || this.child.signalCode !== null ? Promise.resolve() : once(this.child, 'exit');
    this.child.kill('SIGTERM');
    try {
      await this.inTime(exited, 'its end');
    } finally {
      this.page.terminate();
      this.child.kill('SIGKILL');
    }
  }

  private get lastWords(): string {
    return `The program wrote: ${this.said}`;
  }

  private error(what: string): Error {
    return new Error(`${what} (exit code ${this.child.exitCode}, signal ${this.child.signalCode})`);
  }

  private async inTime<T>(answer: Promise<T>, what: string): Promise<T> {
    const late = new AbortController();
    const tooLate = sleep(PATIENCE, undefined, { signal: late.signal }).then(() => { throw this.error(`${PATIENCE / 1000} s have brought no sign of ${what}`); });
    tooLate.catch(() => undefined);
    return Promise.race([answer, tooLate]).finally(() => late.abort());
  }
}

/** The address of the interface's page at a debugging port. */
async function pageOf(host: string | undefined): Promise<string | undefined> {
  if (host === undefined) return undefined;
  const pages = await (await fetch(`http://${host}/json/list`)).json() as { url: string; webSocketDebuggerUrl: string }[];
  return pages.find(({ url }) => url.startsWith('app://retort/'))?.webSocketDebuggerUrl;
}
