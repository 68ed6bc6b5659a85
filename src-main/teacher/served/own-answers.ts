import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StateStore } from '../state-store.ts';

/** Folders of the answers since a checkpoint, by its step. */
const FOLDER = /^since-(\d+)$/;
const nameOf = (step: number): string => `since-${step}`;

interface Part { step: number; store: StateStore }

/**
 * What a server answered about texts that the student wrote itself, in the run's folder: a run that goes on from any
 * checkpoint writes the same texts again, and finds the same answers. What no kept checkpoint goes back to is removed.
 */
export class OwnAnswers {
  private readonly folder: string;
  private readonly parts: Part[];

  private constructor(folder: string, parts: Part[]) {
    this.folder = folder;
    this.parts = parts;
  }

  /** @param step  that the run goes on from */
  static async open(folder: string, step: number): Promise<OwnAnswers> {
    const names = existsSync(folder) ? await readdir(folder) : [];
    const steps = [...new Set([...names.flatMap((name) => FOLDER.exec(name)?.[1] ?? []).map(Number), step])].sort((a, b) => a - b);
    const parts: Part[] = [];
    for (const at of steps) parts.push({ step: at, store: await StateStore.open(join(folder, nameOf(at)), 'F32') });
    return new OwnAnswers(folder, parts);
  }

  async read(key: Buffer, into: Float32Array): Promise<boolean> {
    for (const { store } of this.parts.toReversed()) if (await store.read(key, into)) return true;
    return false;
  }

  async add(key: Buffer, rows: Float32Array): Promise<void> {
    await this.parts.at(-1)!.store.add(key, rows);
  }

  /** Told of a checkpoint. @param oldest  step of the oldest one that is kept */
  async turn(step: number, oldest: number): Promise<void> {
    await this.sync();
    if (step > this.parts.at(-1)!.step) this.parts.push({ step, store: await StateStore.open(join(this.folder, nameOf(step)), 'F32') });
    while (this.parts.length > 1 && this.parts[1]!.step <= oldest) {
      const { step: at, store } = this.parts.shift()!;
      await store.close();
      await rm(join(this.folder, nameOf(at)), { recursive: true, force: true });
    }
  }

  async sync(): Promise<void> {
    await this.parts.at(-1)!.store.sync();
  }

  async close(): Promise<void> {
    for (const { store } of this.parts) await store.close();
  }
}
