import { createReadStream, createWriteStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw, crc32 } from 'node:zlib';
import { Problem } from '../contract/problem.ts';

/** A file of an archive, and where its bytes lie there. */
export interface ZipMember { readonly name: string; readonly bytes: number; readonly packed: number; readonly checksum: number; readonly at: number; readonly isPacked: boolean }

const END = { mark: 0x0605_4b50, bytes: 22, comment: 0xffff } as const;
const CENTRAL = { mark: 0x0201_4b50, bytes: 46 } as const;
const LOCAL = { mark: 0x0403_4b50, bytes: 30 } as const;
const METHOD = { stored: 0, deflated: 8 } as const;
/** What stands where a number is too large for the plain format. */
const WIDE = 0xffff_ffff;

/** The files of a ZIP archive of less than 4 GiB, in the archive's order. @throws Problem where it is none, or is cut off */
export async function zipMembers(path: string): Promise<ZipMember[]> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const tail = await bytesAt(file, Math.max(0, size - END.bytes - END.comment), Math.min(size, END.bytes + END.comment));
    const end = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
    if (end < 0 || end + END.bytes > tail.length) throw damaged(path);
    const directory = await bytesAt(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
    const members: ZipMember[] = [];
    for (let at = 0, left = tail.readUInt16LE(end + 10); left > 0; left--) {
      if (at + CENTRAL.bytes > directory.length || directory.readUInt32LE(at) !== CENTRAL.mark) throw damaged(path);
      const [name, extra, comment] = [directory.readUInt16LE(at + 28), directory.readUInt16LE(at + 30), directory.readUInt16LE(at + 32)];
      const [packed, bytes, begin, method] = [directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 42), directory.readUInt16LE(at + 10)];
      if ([packed, bytes, begin].includes(WIDE) || !(method === METHOD.stored || method === METHOD.deflated)) throw damaged(path);
      members.push({ name: directory.toString('utf8', at + CENTRAL.bytes, at + CENTRAL.bytes + name), bytes, packed, at: begin, checksum: directory.readUInt32LE(at + 16), isPacked: method === METHOD.deflated });
      at += CENTRAL.bytes + name + extra + comment;
    }
    return members;
  } finally {
    await file.close();
  }
}

/** Unpacks a file of an archive. @throws Problem where it is not whole; rejects as reading and writing do */
export async function unzipTo(path: string, member: ZipMember, to: string, signal?: AbortSignal): Promise<void> {
  const begin = await dataOf(path, member);
  let [bytes, checksum] = [0, 0];
  const counted = async function* (pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of pieces) {
      bytes += piece.length;
      if (bytes > member.bytes) throw damaged(path);
      checksum = crc32(piece, checksum);
      yield piece;
    }
  };
  const pieces = member.packed === 0 ? Readable.from([]) : createReadStream(path, { start: begin, end: begin + member.packed - 1, highWaterMark: 2 ** 20 });
  const out = createWriteStream(to, { flush: true });
  const settings = signal ? { signal } : {};
  try {
    if (member.isPacked) await pipeline(pieces, createInflateRaw(), counted, out, settings);
    else await pipeline(pieces, counted, out, settings);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code?.startsWith('Z_') === true ? damaged(path) : error;
  }
  if (bytes !== member.bytes || checksum !== member.checksum) throw damaged(path);
}

/** A file's bytes lie behind a head of their own, whose length only it tells. */
async function dataOf(path: string, { at }: ZipMember): Promise<number> {
  const file = await open(path, 'r');
  try {
    const head = await bytesAt(file, at, LOCAL.bytes);
    if (head.length < LOCAL.bytes || head.readUInt32LE(0) !== LOCAL.mark) throw damaged(path);
    return at + LOCAL.bytes + head.readUInt16LE(26) + head.readUInt16LE(28);
  } finally {
    await file.close();
  }
}

async function bytesAt(file: FileHandle, at: number, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, at);
  return buffer.subarray(0, bytesRead);
}

const damaged = (path: string): Problem => new Problem(`${path} is no whole ZIP archive.`, { kind: 'failure', hint: 'Fetch it again.' });
