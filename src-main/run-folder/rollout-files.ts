import { appendFile, mkdir, open, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { rolloutSchema } from '../contract/event-schema.ts';
import type { Rollout } from '../contract/events.ts';

/** Steps that share a file. */
const STEPS = 100;
/** Bytes of rollouts a run keeps as files; what comes after is only in the history, which thins it over time. */
const BUDGET = 2 ** 28;

/**
 * What the student wrote in training, as JSON Lines in the run's `rollouts/`: `{step, example, prompt, completion,
 * tokens, divergence, ended}`. The files are a function of the run's steps: a resumed run has those of one that was never
 * interrupted. They are written behind the training's back.
 */
export class RolloutFiles {
  private readonly folder: string;
  private budget: number;
  private bytes: number;
  /** The file that was written last. */
  private path: string | null = null;
  private writing: Promise<void> = Promise.resolve();

  private constructor(folder: string, budget: number, bytes: number) {
    this.folder = folder;
    this.budget = budget;
    this.bytes = bytes;
  }

  /** Opens the folder of a run that stands at `step`: what was written after it belongs to steps that will come again. */
  static async open(folder: string, step: number, budget = BUDGET): Promise<RolloutFiles> {
    let bytes = 0;
    // The run goes on without what its folder has lost.
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder)) {
      const first = Number(/^steps-(\d+)\.jsonl$/.exec(name)?.[1]);
      if (Number.isNaN(first)) continue;
      const path = join(folder, name);
      const kept = first > step ? 0 : first + STEPS - 1 <= step ? (await stat(path)).size : await bytesUntil(path, step);
      if (kept === 0) await rm(path);
      else await truncate(path, kept);
      bytes += kept;
    }
    return new RolloutFiles(folder, budget, bytes);
  }

  /** Takes the rollouts of one step; they are left out where they would exceed the budget. */
  add(rollouts: readonly Rollout[]): void {
    const [first] = rollouts;
    if (!first) return;
    const lines = Buffer.from(rollouts.map((rollout) => `${JSON.stringify(rollout)}\n`).join(''));
    if (this.bytes + lines.length > this.budget) return;
    this.bytes += lines.length;
    const path = join(this.folder, `steps-${String(first.step - ((first.step - 1) % STEPS)).padStart(7, '0')}.jsonl`);
    const previous = this.path;
    this.path = path;
    this.write(async () => {
      if (previous !== null && previous !== path) await flush(previous);
      await appendFile(path, lines);
    });
  }

  /** Waits until everything is on the disk, so that a checkpoint never knows of steps whose rollouts are missing. */
  async sync(): Promise<void> {
    const { path } = this;
    if (path !== null) this.write(() => flush(path));
    await this.writing;
  }

  private write(work: () => Promise<void>): void {
    // A full disk is told by the next checkpoint, and nothing is written behind a line that was cut.
    this.writing = this.writing.then(work).catch(() => { this.budget = 0; });
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Where the rollouts of the steps up to `step` end in a file. A line that a killed process cut belongs to a later step. */
async function bytesUntil(path: string, step: number): Promise<number> {
  const content = await readFile(path);
  let end = 0;
  for (let next = content.indexOf('\n') + 1; next > 0; next = content.indexOf('\n', end) + 1) {
    if (stepOf(content.toString('utf8', end, next)) > step) break;
    end = next;
  }
  return end;
}

/** The rollouts of the steps behind `after`, a file at a time, oldest first. What cannot be read is left out. */
export async function* keptRollouts(folder: string, after: number, upTo: number): AsyncGenerator<Rollout[]> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.sort()) {
    const first = Number(/^steps-(\d+)\.jsonl$/.exec(name)?.[1]);
    if (Number.isNaN(first) || first > upTo || first + STEPS - 1 <= after) continue;
    const lines = (await readFile(join(folder, name), 'utf8').catch(() => '')).split('\n');
    yield lines.flatMap((line) => {
      const rollout = rolloutOf(line);
      return rollout && rollout.step > after && rollout.step <= upTo ? [rollout] : [];
    });
  }
}

function rolloutOf(line: string): Rollout | null {
  try {
    const parsed = rolloutSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function stepOf(line: string): number {
  try {
    return (JSON.parse(line) as Rollout).step;
  } catch {
    return Infinity;
  }
}
