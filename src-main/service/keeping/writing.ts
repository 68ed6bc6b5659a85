import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { clearLeftBehind } from '../../model/left-behind.ts';
import { isAlive } from '../../files/is-alive.ts';

/** In the home: a note for each folder that is written now, which says where. */
const FOLDER = 'writing';
const NOTE = /^(\d+)-[\w-]+$/;

/**
 * Has a folder written, which takes a while and lies anywhere. A program that is ended in the middle leaves half of it beside
 * its place; the note tells the next one.
 * @param home  absolute; @param place  absolute, where the folder will be
 */
export async function whileWriting<T>(home: string, place: string, write: () => Promise<T>): Promise<T> {
  await sweepWriting(home);
  const note = join(home, FOLDER, `${process.pid}-${randomUUID()}`);
  // Without the note the folder is written all the same.
  await mkdir(join(home, FOLDER), { recursive: true }).then(() => writeFile(note, place)).catch(() => undefined);
  try {
    return await write();
  } catch (error) {
    // A worker that was ended could not clear away behind itself.
    await clearLeftBehind(place).catch(() => undefined);
    throw error;
  } finally {
    await rm(note, { force: true }).catch(() => undefined);
  }
}

/** Clears away what programs that are no more left half written, wherever it lies. */
export async function sweepWriting(home: string): Promise<void> {
  for (const name of await readdir(join(home, FOLDER)).catch((): string[] => [])) {
    const pid = NOTE.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const note = join(home, FOLDER, name);
    await readFile(note, 'utf8').then(clearLeftBehind).then(() => rm(note, { force: true })).catch(() => undefined);
  }
}
