import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Problem } from '../../contract/problem.ts';
import { isDiskFull } from '../../files/disk-space.ts';

const EXTENSION = '.texts.jsonl';
const lineSchema = z.object({ key: z.string(), tokens: z.array(z.int()).nullable(), text: z.string().nullable(), ended: z.boolean() });

/** What a server wrote: tokens, or from a service that knows none, text. */
export interface WrittenText { tokens: readonly number[] | null; text: string | null; ended: boolean }

/** Texts that a server wrote, kept a line each as they come: what was asked for once is not asked for again. */
export class WrittenTexts {
  private readonly path: string;
  private readonly lines: Map<string, WrittenText>;

  private constructor(path: string, lines: Map<string, WrittenText>) {
    this.path = path;
    this.lines = lines;
  }

  static async open(folder: string): Promise<WrittenTexts> {
    const names = existsSync(folder) ? (await readdir(folder)).filter((name) => name.endsWith(EXTENSION)).sort() : [];
    const lines = new Map<string, WrittenText>();
    for (const name of names) {
      for (const line of (await readFile(join(folder, name), 'utf8')).split('\n')) {
        const read = lineSchema.safeParse(parsed(line));
        if (read.success) lines.set(read.data.key, read.data);
      }
    }
    mkdirSync(folder, { recursive: true });
    return new WrittenTexts(join(folder, `${Date.now()}-${process.pid}${EXTENSION}`), lines);
  }

  find(key: string): WrittenText | null {
    return this.lines.get(key) ?? null;
  }

  /** @throws Problem where the disk is full */
  add(key: string, written: WrittenText): void {
    this.lines.set(key, written);
    try {
      appendFileSync(this.path, `${JSON.stringify({ key, ...written })}\n`);
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      throw new Problem(isDiskFull(code) ? `The disk is full: what the teacher wrote could not be kept in ${this.path}.` : `${this.path} cannot be written: ${message}`, { kind: 'failure', hint: 'Free some space and resume the run.', cause });
    }
  }
}

/** What a killed program left of a line is none. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
