import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { endProgram, startProgram } from '../../bounds/programs.ts';
import { Problem } from '../../contract/problem.ts';

/** Characters of stderr that are kept for messages. */
const TAIL = 2000;
/** How long a program may take to end by itself once nothing more will be asked, and then once it is told to. */
const GRACE_MS = 2000;

interface Question { wanted: number; lines: string[]; answer(lines: string[]): void; fail(problem: Problem): void }

/** A program that reads lines and answers each with a line. */
export class LineProgram {
  /** Begins messages about it. */
  readonly name: string;
  private readonly child: ChildProcessWithoutNullStreams;
  private question: Question | null = null;
  private stderr = '';
  /** Why nothing more can be asked. */
  private broken: Problem | null = null;
  private readonly closed: Promise<unknown>;

  private constructor(name: string, child: ChildProcessWithoutNullStreams) {
    this.name = name;
    this.child = child;
    this.closed = new Promise((resolve) => { child.once('close', resolve); });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { this.stderr = (this.stderr + text).slice(-TAIL); });
    createInterface({ input: child.stdout }).on('line', (line) => { this.take(line); });
    // A program that ends early is told of by `close`.
    child.stdin.on('error', () => undefined);
    child.on('error', () => undefined);
    child.on('close', (code, signal) => {
      this.break(new Problem(`${name} ended ${signal === null ? `with code ${code}` : `by ${signal}`}.${this.said()}`, {
        kind: 'failure', hint: 'It has to read lines until its input ends.',
      }));
    });
  }

  /** @param command  program and arguments. @throws Problem where it cannot be started */
  static async start(command: readonly string[], directory: string | undefined): Promise<LineProgram> {
    const [program, ...args] = command;
    const name = `The reward command ${JSON.stringify(command.join(' '))}`;
    const child = startProgram(program!, args, directory);
    await once(child, 'spawn').catch((cause: unknown) => {
      throw new Problem(`${name} cannot be started: ${(cause as Error).message}.`, { hint: 'Check method.reward.command and the folder that it runs in.', cause });
    });
    return new LineProgram(name, child);
  }

  /** Writes lines and waits for as many. One question at a time. @throws Problem where it ends, or is too slow */
  async ask(lines: readonly string[], timeoutSeconds: number): Promise<string[]> {
    if (this.broken) throw this.broken;
    if (lines.length === 0) return [];
    const answered = new Promise<string[]>((answer, fail) => { this.question = { wanted: lines.length, lines: [], answer, fail }; });
    const timer = setTimeout(() => {
      const problem = new Problem(
        `${this.name} answered ${this.question?.lines.length ?? 0} of ${lines.length} lines within ${timeoutSeconds} seconds.${this.said()}`,
        { kind: 'failure', hint: 'Raise method.reward.timeoutSeconds, and let the program flush its output after each line.' });
      this.break(problem);
      this.signal('SIGKILL');
    }, timeoutSeconds * 1000);
    this.child.stdin.write(lines.map((line) => `${line}\n`).join(''));
    try {
      return await answered;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the program, by force where it does not end by itself. */
  async end(): Promise<void> {
    this.broken ??= new Problem(`${this.name} has been ended.`, { kind: 'failure' });
    this.child.stdin.end();
    const insist = (['SIGTERM', 'SIGKILL'] as const).map((signal, at) => setTimeout(() => this.signal(signal), (at + 1) * GRACE_MS));
    await this.closed;
    insist.forEach((timer) => { clearTimeout(timer); });
  }

  private signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.child.exitCode === null && this.child.signalCode === null) endProgram(this.child.pid!, signal);
  }

  private take(line: string): void {
    if (line.trim() === '') return;
    const { question } = this;
    if (!question) {
      this.break(new Problem(`${this.name} wrote a line that nobody asked for: ${JSON.stringify(line.slice(0, 200))}.`, {
        kind: 'failure', hint: 'Answer each line with one line, and write all else to stderr.',
      }));
      return;
    }
    question.lines.push(line);
    if (question.lines.length < question.wanted) return;
    this.question = null;
    question.answer(question.lines);
  }

  private break(problem: Problem): void {
    this.broken ??= problem;
    this.question?.fail(this.broken);
    this.question = null;
  }

  /** The end of what it wrote to stderr, to close a message with. */
  private said(): string {
    const text = this.stderr.trim();
    return text === '' ? '' : ` It said: ${text}`;
  }
}
