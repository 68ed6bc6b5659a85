import { rename, rm, writeFile } from 'node:fs/promises';

/** Writes a file for its owner alone. Whoever reads it meanwhile reads all of it, or what was there before. @throws what the system says; nothing half is left then */
export async function writePrivate(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    await rm(temporary, { force: true });
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
