import { appendFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rollout } from '../../contract/events.ts';

/** Steps that share a file. */
const STEPS = 100;
/** Bytes of rollouts a run keeps as files; after these only the history goes on, which keeps the worst of every step. */
const BUDGET = 2 ** 28;

/** What the student wrote in training, as JSON Lines in the run's `rollouts/`: `{step, example, prompt, completion, tokens, divergence, ended}`. */
export class RolloutFiles {
  private readonly folder: string;
  private bytes: number;
  private writing: Promise<void> = Promise.resolve();

  private constructor(folder: string, bytes: number) {
    this.folder = folder;
    this.bytes = bytes;
  }

  /** Opens the folder of a run that stands at `step`: what was written after it belongs to steps that will come again. */
  static async open(folder: string, step: number): Promise<RolloutFiles> {
    let bytes = 0;
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const first = Number(/^steps-(\d+)\.jsonl$/.exec(name)?.[1]);
      if (Number.isNaN(first)) continue;
      if (first > step) await rm(path);
      else if (first + STEPS - 1 > step) await keepUntil(path, step);
      bytes += (await stat(path).catch(() => null))?.size ?? 0;
    }
    return new RolloutFiles(folder, bytes);
  }

  add(rollouts: readonly Rollout[]): void {
    const [first] = rollouts;
    if (!first || this.bytes > BUDGET) return;
    const lines = rollouts.map((rollout) => `${JSON.stringify(rollout)}\n`).join('');
    this.bytes += lines.length;
    const path = join(this.folder, `steps-${String(first.step - ((first.step - 1) % STEPS)).padStart(7, '0')}.jsonl`);
    // As with the log: a full disk is told by the next checkpoint.
    this.writing = this.writing.then(() => appendFile(path, lines)).catch(() => undefined);
  }

  close(): Promise<void> {
    return this.writing;
  }
}

async function keepUntil(path: string, step: number): Promise<void> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  // The last line of a killed process may be cut; it belongs to a step after the checkpoint.
  const kept = lines.filter((line) => stepOf(line) <= step);
  await writeFile(path, kept.map((line) => `${line}\n`).join(''));
}

function stepOf(line: string): number {
  try {
    return (JSON.parse(line) as Rollout).step;
  } catch {
    return Infinity;
  }
}
