import { open, type FileHandle } from 'node:fs/promises';
import { Problem } from '../contract/problem.ts';
import { refuseIrregular } from './regular-file.ts';

/** @throws Problem where it cannot be opened. */
export async function openFile(path: string): Promise<FileHandle> {
  await refuseIrregular(path);
  return open(path, 'r').catch((cause: unknown) => {
    throw new Problem(`${path} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
}

/** Opens a file for `use` and closes it. @throws Problem where it cannot be opened. */
export async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await openFile(path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Fills `bytes` from a place in a file. `shorter` makes the error of a file that ends before. */
export async function readFully(file: FileHandle, bytes: Uint8Array, position: number, shorter: () => Problem): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, position + at);
    if (bytesRead === 0) throw shorter();
    at += bytesRead;
  }
}
