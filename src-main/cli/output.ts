import { SingleBar } from 'cli-progress';
import { toReport } from '../contract/problem.ts';
import { visible, visibleLine } from '../contract/visible.ts';

/** Back to the beginning of the line, and nothing on it. */
const CLEAR = '\r\x1b[K';

/** What a command prints: lines and a progress bar for people, with the hidden characters of names and texts visible; JSON for programs, exact. */
export class Output {
  readonly isJson: boolean;
  private bar: { phase: string; bar: SingleBar } | null = null;
  private isReading = false;

  constructor(isJson: boolean) {
    this.isJson = isJson;
  }

  /** A line for people; the bar, if there is one, stays below it. */
  line(text: string): void {
    if (this.isJson) return;
    this.endProgress();
    process.stdout.write(`${visible(text)}\n`);
  }

  /** Something worth knowing, which is no part of what a command gives out. */
  warning(message: string): void {
    this.endProgress();
    process.stderr.write(`warning: ${message}\n`);
  }

  /** A JSON document or event for programs. */
  json(value: unknown): void {
    if (this.isJson) process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** Text as it grows. */
  text(piece: string): void {
    if (!this.isJson) process.stdout.write(visible(piece));
  }

  progress(phase: string, done: number, total: number, note = ''): void {
    if (this.isJson || !process.stderr.isTTY) return;
    if (this.bar?.phase !== phase) {
      this.endProgress();
      const bar = new SingleBar({
        format: `${phase} [{bar}] {value}/{total}  {eta_formatted} left  {note}`, stream: process.stderr, hideCursor: true, etaBuffer: 20,
      });
      bar.start(total, done, { note });
      this.bar = { phase, bar };
    }
    this.bar.bar.update(done, { note: visibleLine(note) });
    if (done >= total) this.endProgress();
  }

  /** How far a long file has been read; how long it is nobody knows yet. */
  reading(rows: number): void {
    if (this.isJson || !process.stderr.isTTY || this.bar) return;
    process.stderr.write(`${CLEAR}reading data: ${rows.toLocaleString('en')} rows`);
    this.isReading = true;
  }

  endProgress(): void {
    if (this.isReading) process.stderr.write(CLEAR);
    this.isReading = false;
    this.bar?.bar.stop();
    this.bar = null;
  }
}

/** Says what went wrong, in one line and a hint. @returns the exit code: 2 for wrong use or bad input, 1 for a failure. */
export function printError(error: unknown): number {
  const { message, kind, hint, stack } = toReport(error);
  process.stderr.write(visible(`retort: ${message}\n${hint ? `  ${hint}\n` : ''}`));
  if (stack && process.env['RETORT_DEBUG']) process.stderr.write(`${stack}\n`);
  return kind === 'input' ? 2 : 1;
}
