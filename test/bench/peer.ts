import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a peer tells of one measurement. */
export interface Answer {
  ms: number;
  /** Of the processor, by all threads. */
  cpuMs: number;
  /** The most memory that the process has held so far, its start included. */
  peakBytes: number;
  /** Where the time went, in milliseconds. */
  parts?: Record<string, number>;
}

/** A process that measures once whenever it is asked, by a line on its stdin, and answers with a line of JSON. */
export class Peer {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private readonly ended: Promise<unknown>;
  private complaints = '';

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { this.complaints = (this.complaints + text).slice(-4000); });
    // A peer that has died is noticed by the answer it owes.
    child.stdin.on('error', () => undefined);
    this.ended = new Promise((resolve) => { child.once('close', resolve).once('error', resolve); });
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.child = child;
  }

  async measure(): Promise<Answer> {
    this.child.stdin!.write('go\n');
    const line = await this.lines.next();
    if (line.done) {
      await this.ended;
      throw new Error(`${this.child.spawnargs.join(' ')} ended without an answer:\n${this.complaints}`);
    }
    return JSON.parse(line.value) as Answer;
  }

  /** Ends it whatever it does. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  async close(): Promise<void> {
    this.child.stdin!.end();
    await this.ended;
  }
}
