import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** A file that goes into an archive. `size` in bytes. */
export interface ZipEntry { name: string; path: string; size: number; modified: Date }

/** What a field of the plain format holds at most; above it stands in a zip64 field. */
const PLAIN = 0xffff_ffff;

/** The files below a folder, in order; their names begin with `prefix`. */
export async function entriesBelow(folder: string, prefix: string): Promise<ZipEntry[]> {
  const entries: ZipEntry[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    const found = await lstat(path);
    if (found.isDirectory()) entries.push(...await entriesBelow(path, `${prefix}/${name}`));
    else if (found.isFile()) entries.push({ name: `${prefix}/${name}`, path, size: found.size, modified: found.mtime });
  }
  return entries;
}

/** Bytes of the archive, known before it is written. */
export function zipSize(entries: readonly ZipEntry[], plain = PLAIN): number {
  const { parts, offset } = layout(entries, plain);
  const directory = parts.reduce((sum, part) => sum + central(part, 0, plain).length, 0);
  return offset + directory + end(entries.length, directory, offset, plain).length;
}

/**
 * A ZIP archive of files as they are: weights do not get smaller by packing. Each file is read twice, once for its
 * checksum, so that readers need nothing but the plain format; files over 4 GiB take its 64-bit fields.
 * @param plain  the largest number of the plain fields; smaller only for tests
 * @throws where a file has another size by now
 */
export async function* zip(entries: readonly ZipEntry[], plain = PLAIN): AsyncGenerator<Uint8Array> {
  const { parts, offset } = layout(entries, plain);
  const directory: Buffer[] = [];
  for (const part of parts) {
    const { entry } = part;
    const checksum = await checksumOf(entry);
    yield local(entry, checksum, plain);
    let written = 0;
    for await (const piece of createReadStream(entry.path) as AsyncIterable<Buffer>) {
      written += piece.length;
      if (written > entry.size) break;
      yield piece;
    }
    if (written !== entry.size) throw new Error(`${entry.path} has changed while it was read`);
    directory.push(central(part, checksum, plain));
  }
  yield Buffer.concat(directory);
  yield end(entries.length, directory.reduce((sum, { length }) => sum + length, 0), offset, plain);
}

interface Part { entry: ZipEntry; offset: number }

/** Where each file begins, and where the directory does. */
function layout(entries: readonly ZipEntry[], plain: number): { parts: Part[]; offset: number } {
  let offset = 0;
  const parts = entries.map((entry) => {
    const part = { entry, offset };
    offset += local(entry, 0, plain).length + entry.size;
    return part;
  });
  return { parts, offset };
}

async function checksumOf({ path }: ZipEntry): Promise<number> {
  let sum = 0;
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) sum = crc32(piece, sum);
  return sum;
}

function local(entry: ZipEntry, checksum: number, plain: number): Buffer {
  const isLarge = entry.size >= plain;
  const extra = isLarge ? wide([entry.size, entry.size]) : Buffer.alloc(0);
  return Buffer.concat([fields([[4, 0x0403_4b50], ...common(entry, checksum, plain, isLarge), [2, extra.length]]), Buffer.from(entry.name), extra]);
}

function central({ entry, offset }: Part, checksum: number, plain: number): Buffer {
  const [isLarge, isFar] = [entry.size >= plain, offset >= plain];
  const extra = isLarge || isFar ? wide([...(isLarge ? [entry.size, entry.size] : []), ...(isFar ? [offset] : [])]) : Buffer.alloc(0);
  return Buffer.concat([fields([
    [4, 0x0201_4b50], [2, 0x031e], ...common(entry, checksum, plain, isLarge || isFar), [2, extra.length],
    // No comment, first disk, no flags; an ordinary file that its owner may write.
    [2, 0], [2, 0], [2, 0], [4, 0o100644 * 0x1_0000], [4, isFar ? PLAIN : offset],
  ]), Buffer.from(entry.name), extra]);
}

/** Version, UTF-8 names, no compression, time, checksum, sizes, length of the name. */
function common({ name, size, modified }: ZipEntry, checksum: number, plain: number, isWide: boolean): [number, number][] {
  const shown = size >= plain ? PLAIN : size;
  const time = modified.getHours() * 2048 + modified.getMinutes() * 32 + Math.floor(modified.getSeconds() / 2);
  const day = (Math.max(1980, modified.getFullYear()) - 1980) * 512 + (modified.getMonth() + 1) * 32 + modified.getDate();
  return [[2, isWide ? 45 : 20], [2, 0x0800], [2, 0], [2, time], [2, day], [4, checksum], [4, shown], [4, shown], [2, Buffer.byteLength(name)]];
}

function end(count: number, size: number, offset: number, plain: number): Buffer {
  const isWide = count >= 0xffff || size >= plain || offset >= plain;
  const sixtyFour = isWide ? [
    fields([[4, 0x0606_4b50], [8, 44], [2, 0x031e], [2, 45], [4, 0], [4, 0], [8, count], [8, count], [8, size], [8, offset]]),
    fields([[4, 0x0706_4b50], [4, 0], [8, offset + size], [4, 1]]),
  ] : [];
  const counted = isWide ? 0xffff : count;
  return Buffer.concat([...sixtyFour, fields([[4, 0x0605_4b50], [2, 0], [2, 0], [2, counted], [2, counted], [4, isWide ? PLAIN : size], [4, isWide ? PLAIN : offset], [2, 0]])]);
}

/** The extra field that holds what the plain ones cannot. */
const wide = (values: readonly number[]): Buffer => fields([[2, 1], [2, 8 * values.length], ...values.map((value): [number, number] => [8, value])]);

/** Little-endian numbers of the given bytes. */
function fields(values: readonly (readonly [bytes: number, value: number])[]): Buffer {
  return Buffer.concat(values.map(([bytes, value]) => {
    const buffer = Buffer.alloc(bytes);
    if (bytes === 8) buffer.writeBigUInt64LE(BigInt(value));
    else buffer.writeUIntLE(value, 0, bytes);
    return buffer;
  }));
}
