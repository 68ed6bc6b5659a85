import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import { eventsOf } from './training-folder.ts';

/** What the scripts write anew every few seconds for as long as they live. */
const SIGN = 'alive';
const MINUTE = 60_000;
/** Milliseconds without a sign after which a training counts as dead; of one that gives none, the events are the signs, and a step may take long. */
const QUIET = 3 * MINUTE;
const LONG_QUIET = 60 * MINUTE;

/** The files that change while a training lives: its sign of life and its events, null where there is none. */
export const signsOf = (runDir: string): Promise<[Stats | null, Stats | null]> => {
  const look = (path: string): Promise<Stats | null> => stat(path).catch(() => null);
  return Promise.all([look(join(runDir, SIGN)), look(eventsOf(runDir))]);
};

/**
 * Whether a training elsewhere still lives. A process that is killed says no last word, and its machine may be gone with it; only
 * what it writes can be seen. The two machines' clocks need not agree, so what counts is how long nothing has changed here.
 */
export class SignsOfLife {
  private readonly runDir: string;
  private readonly quiet: number;
  private last = '';
  private heard = performance.now();

  /** @param quiet  milliseconds without a sign after which it counts as dead */
  constructor(runDir: string, quiet = QUIET) {
    this.runDir = runDir;
    this.quiet = quiet;
  }

  /** @throws Problem where nothing has been heard for too long */
  async look(): Promise<void> {
    const [sign, events] = await signsOf(this.runDir);
    // Before its first word it may wait in a cluster's queue for days.
    if (!events && this.last === '') return;
    const now = [sign, events].map((found) => `${found?.size} ${found?.mtimeMs}`).join();
    if (now !== this.last) [this.last, this.heard] = [now, performance.now()];
    const limit = sign ? this.quiet : LONG_QUIET;
    const silence = performance.now() - this.heard;
    // No two clocks differ by so much.
    const age = Date.now() - Math.max(sign?.mtimeMs ?? 0, events?.mtimeMs ?? Date.now());
    if (silence < limit && age < LONG_QUIET) return;
    const minutes = Math.max(1, Math.round(Math.max(silence, age) / MINUTE));
    throw new Problem(`Nothing has been heard of this training for ${minutes >= 120 ? `${Math.round(minutes / 60)} hours` : `${minutes} minute${minutes === 1 ? '' : 's'}`}: its process has died, or its machine does not reach the folder.`, {
      kind: 'failure', hint: 'Start it again there by the command in the README.md of its folder; it goes on from its last checkpoint.',
    });
  }
}
