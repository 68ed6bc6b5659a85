import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Watches how much of the first card's memory is taken, by NVIDIA's own tool. Tells nothing where there is none. */
export class CardMemory {
  private readonly child;
  private first: number | null = null;
  private most = 0;

  constructor() {
    this.child = spawn('nvidia-smi', ['--query-gpu=memory.used', '--format=csv,noheader,nounits', '--id=0', '--loop-ms=200'], { stdio: ['ignore', 'pipe', 'ignore'] });
    this.child.on('error', () => undefined);
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const mebibytes = Number(line);
      if (!Number.isFinite(mebibytes)) return;
      this.first ??= mebibytes;
      this.most = Math.max(this.most, mebibytes);
    });
  }

  /** Bytes at the most, above what was taken before. */
  stop(): number | null {
    this.child.kill();
    return this.first === null ? null : (this.most - this.first) * 2 ** 20;
  }
}
