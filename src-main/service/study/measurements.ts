import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Score } from '../../contract/events.ts';
import { Problem } from '../../contract/problem.ts';
import { writeWhole } from '../../files/write-whole.ts';

const score = z.strictObject({ value: z.number(), low: z.number().nullable(), high: z.number().nullable() }) satisfies z.ZodType<Score>;

/** What came of one evaluation of one model. */
const measurementSchema = z.strictObject({
  examples: z.int(),
  metrics: z.record(z.string(), score),
  signatures: z.record(z.string(), z.string()),
});
export type Measurement = z.infer<typeof measurementSchema>;

/** The evaluations of a study's folder, a file each, so that a study that was stopped measures nothing twice. */
export class Measurements {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = join(folder, 'measurements');
  }

  /** What is there under this name, or else what `measure` gives, kept. */
  async keep(name: string, measure: () => Promise<Measurement>): Promise<Measurement> {
    const path = join(this.#folder, `${name}.json`);
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text !== null) return parse(text, path);
    const measured = await measure();
    await mkdir(this.#folder, { recursive: true });
    await writeWhole(path, [`${JSON.stringify(measured, null, 2)}\n`], { replace: true });
    return measured;
  }
}

function parse(text: string, path: string): Measurement {
  try {
    return measurementSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Problem(`${path} is not what a study keeps.`, { hint: 'Remove the file; what it held is measured again.', cause });
  }
}
