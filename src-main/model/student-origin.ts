import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StudentOrigin } from '../contract/model-description.ts';

/** The file beside a student's weights that says what it was made from. */
export const STUDENT_ORIGIN = 'retort-student.json';

const schema = z.object({ madeFrom: z.string(), layers: z.array(z.int().nonnegative()), of: z.int().positive() });

/** What a model folder was made from; null where it does not say. */
export async function readOrigin(folder: string): Promise<StudentOrigin | null> {
  try {
    return schema.parse(JSON.parse(await readFile(join(folder, STUDENT_ORIGIN), 'utf8')));
  } catch {
    return null;
  }
}
