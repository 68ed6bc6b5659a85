import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import type { DataFormat } from '../contract/data-view.ts';
import { Problem } from '../contract/problem.ts';
import { detectFormat } from './detect-format.ts';

/** A data file that was looked into. */
export interface DataFile { path: string; format: DataFormat; isGzipped: boolean }

const HEAD_BYTES = 2 ** 16;

/** Finds out a file's format by its beginning and its name. @throws Problem where there is no file or no known format. */
export async function openDataFile(path: string): Promise<DataFile> {
  const stored = await readHead(path).catch((error: unknown) => { throw explain(path, error); });
  const isGzipped = isGzip(stored);
  return { path, isGzipped, format: detectFormat(path, isGzipped ? inflateHead(path, stored) : stored) };
}

/** The file's bytes, unpacked. @throws Problem where it is damaged. */
export async function* readBytes({ path, isGzipped }: Pick<DataFile, 'path' | 'isGzipped'>): AsyncGenerator<Buffer> {
  const stored = createReadStream(path);
  // An error reaches the loop below by destroying the stream that it reads.
  const bytes = isGzipped ? pipeline(stored, createGunzip(), () => undefined) : stored;
  try {
    yield* bytes as AsyncIterable<Buffer>;
  } catch (error) {
    throw explain(path, error);
  }
}

/** A text file as it is, of whatever format, also gzipped. @throws Problem where it cannot be read or is not UTF-8. */
export async function readTextFile(path: string): Promise<string> {
  const stored = await readHead(path).catch((error: unknown) => { throw explain(path, error); });
  let text = '';
  for await (const piece of readText({ path, isGzipped: isGzip(stored) })) text += piece;
  return text;
}

/** The file's text. @throws Problem where it is not UTF-8. */
export async function* readText(file: Pick<DataFile, 'path' | 'isGzipped'>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes?: Buffer): string => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (cause) {
      throw new Problem(`${basename(file.path)} is not UTF-8 text.`, { hint: 'Save it with the encoding UTF-8.', cause });
    }
  };
  for await (const bytes of readBytes(file)) yield decode(bytes);
  yield decode();
}

const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b;

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function inflateHead(path: string, stored: Buffer): Buffer {
  try {
    // The head ends in the middle of the packed text, which this way of finishing allows.
    return gunzipSync(stored, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, HEAD_BYTES);
  } catch (error) {
    throw explain(path, error);
  }
}

function explain(path: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (code.startsWith('Z_')) return new Problem(`Data file ${path} is a damaged gzip file.`, { hint: 'Fetch it again.', cause });
  if (code === 'ENOENT') return new Problem(`Data file ${path} does not exist.`, { hint: 'Check the path.', cause });
  if (code === 'EISDIR') return new Problem(`Data file ${path} is a folder.`, { hint: 'Name a file in it.', cause });
  if (code === '') return cause;
  return new Problem(`Data file ${path} cannot be read: ${(cause as Error).message}`, { hint: 'Check its permissions.', cause });
}
