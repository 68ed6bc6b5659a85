import { bytesText } from '../contract/bytes-text.ts';
import type { Output } from './output.ts';

const MIB = 2 ** 20;
/** Milliseconds between two lines for programs. */
const EVERY = 1000;

/** How far a download is: a bar of MiB for people, a line a second for programs. */
export class Ticker {
  private readonly output: Output;
  private last = 0;

  constructor(output: Output) {
    this.output = output;
  }

  tell(file: string, done: number, total: number): void {
    const now = Date.now();
    if (now - this.last < EVERY / (this.output.isJson ? 1 : 10) && done < total) return;
    this.last = now;
    this.output.json({ event: 'progress', file, done, total });
    this.output.progress('MiB', Math.floor(done / MIB), Math.ceil(total / MIB), `${file}, ${bytesText(total - done)} to go`);
  }
}
