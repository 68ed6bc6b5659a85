import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../../../files/write-whole.ts';
import { dayFrom, dayOf } from '../../examples/this-day.ts';

/** In the run folder: the day on which it began, which its chat templates are told on every later day as well. */
const FILE = 'first-day.txt';

/** Null where an older version noted none. */
export async function readFirstDay(runDir: string): Promise<Date | null> {
  return dayFrom(await readFile(join(runDir, FILE), 'utf8').catch(() => ''));
}

export async function noteFirstDay(runDir: string, day: Date): Promise<Date> {
  await writeWhole(join(runDir, FILE), [`${dayOf(day)}\n`], { replace: true });
  return day;
}
