import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import type { DataFormat } from '../contract/data-view.ts';
import { Problem } from '../contract/problem.ts';
import { refuseIrregular } from '../files/regular-file.ts';
import { detectFormat } from './detect-format.ts';
import { UNPACKED_BYTES, UNPACKED_RATIO } from './limits.ts';

/** A data file that was looked into. */
export interface DataFile { path: string; format: DataFormat; isGzipped: boolean }

type Stored = Pick<DataFile, 'path' | 'isGzipped'>;

const HEAD_BYTES = 2 ** 16;

/** Finds out a file's format by its beginning and its name. @throws Problem where there is no file or no known format. */
export async function openDataFile(path: string): Promise<DataFile> {
  const stored = await readHead(path).catch((error: unknown) => { throw explain(path, error); });
  const isGzipped = isGzip(stored);
  return { path, isGzipped, format: detectFormat(path, isGzipped ? inflateHead(path, stored) : stored) };
}

/** The file's bytes, unpacked. @throws Problem where it is damaged, or unpacks to so much that it can be no data. */
export async function* readBytes({ path, isGzipped }: Stored): AsyncGenerator<Buffer> {
  const stored = createReadStream(path);
  // An error reaches the loop below by destroying the stream that it reads.
  const unpacker = isGzipped ? createGunzip() : null;
  const bytes = unpacker ? pipeline(stored, unpacker, () => undefined) : stored;
  let count = 0;
  try {
    for await (const piece of bytes as AsyncIterable<Buffer>) {
      count += piece.length;
      if (unpacker && count > UNPACKED_BYTES && count > UNPACKED_RATIO * unpacker.bytesWritten) {
        throw new Problem(`Data file ${path} unpacks to more than ${UNPACKED_RATIO} times its size.`, { hint: 'If that is right, unpack it yourself and choose the unpacked file.' });
      }
      yield piece;
    }
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

/** The file's text. @throws Problem that names the line where it is not UTF-8. */
export async function* readText(file: Stored): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const bytes of readBytes(file)) {
      const piece = decoder.decode(bytes, { stream: true });
      if (piece.includes('\0')) throw await nameLine(file, (line) => line.includes(0), 'holds a NUL byte, which no text has', 'Fetch or write the file again.');
      yield piece;
    }
    yield decoder.decode();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    throw await nameLine(file, (line) => !isUtf8(line), 'is not UTF-8 text', 'Save the file with the encoding UTF-8.');
  }
}

/** Reads a file again, for the number of the first line that is wrong. */
async function nameLine(file: Stored, isWrong: (line: Buffer) => boolean, what: string, hint: string): Promise<Problem> {
  let number = 1;
  let rest: Buffer[] = [];
  for await (const bytes of readBytes(file)) {
    let from = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
      if (isWrong(Buffer.concat([...rest, bytes.subarray(from, end)]))) return named();
      [rest, from, number] = [[], end + 1, number + 1];
    }
    rest.push(bytes.subarray(from));
  }
  return named();

  function named(): Problem {
    return new Problem(`${basename(file.path)} line ${number} ${what}.`, { hint });
  }
}

const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b;

async function readHead(path: string): Promise<Buffer> {
  await refuseIrregular(path, `Data file ${path}`);
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
  if (code === '' || code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return cause;
  return new Problem(`Data file ${path} cannot be read: ${(cause as Error).message}`, { hint: 'Check its permissions.', cause });
}
