import { closeSync, openSync, readSync } from 'node:fs';

/** What a dynamic library says of itself: the name others know it by, and the names of those that it needs. */
export interface Linked { readonly name: string | null; readonly needed: readonly string[] }

const MAGIC = 0x464c_457f;
/** 64 bits, the lowest byte first. */
const CLASS = 0x0102;
const LOADED = 1;
const DYNAMIC = 2;
const TAG = { end: 0, needed: 1, strings: 5, name: 14 } as const;
/** Longer than any name of a library. */
const NAME = 256;

/** Reads a 64-bit ELF library's table of dynamic links, as `ldd` does. Null where the file is no such library. Throws as reading does. */
export function readLinked(path: string): Linked | null {
  const file = openSync(path, 'r');
  try {
    return linkedOf((at, bytes) => {
      const buffer = Buffer.alloc(bytes);
      return buffer.subarray(0, readSync(file, buffer, 0, bytes, at));
    });
  } finally {
    closeSync(file);
  }
}

type Read = (at: number, bytes: number) => Buffer;

function linkedOf(read: Read): Linked | null {
  const header = read(0, 64);
  if (header.length < 64 || header.readUInt32LE(0) !== MAGIC || header.readUInt16LE(4) !== CLASS) return null;
  const [at, size, count] = [number(header, 32), header.readUInt16LE(54), header.readUInt16LE(56)];
  const segments = Array.from({ length: count }, (_, index) => segmentOf(read(at + index * size, 56)));
  const dynamic = segments.find(({ type }) => type === DYNAMIC);
  if (!dynamic) return null;
  const table = read(dynamic.offset, dynamic.bytes);
  const entries: { tag: number; value: number }[] = [];
  for (let place = 0; place + 16 <= table.length; place += 16) {
    const tag = number(table, place);
    if (tag === TAG.end) break;
    entries.push({ tag, value: number(table, place + 8) });
  }
  const strings = entries.find(({ tag }) => tag === TAG.strings)?.value;
  // Where the names lie is told as an address in memory.
  const segment = segments.find(({ type, address, bytes }) => type === LOADED && strings !== undefined && strings >= address && strings < address + bytes);
  if (strings === undefined || !segment) return null;
  const nameAt = (offset: number): string => {
    const text = read(strings - segment.address + segment.offset + offset, NAME);
    return text.toString('latin1', 0, text.indexOf(0));
  };
  const name = entries.find(({ tag }) => tag === TAG.name);
  return { name: name ? nameAt(name.value) : null, needed: entries.filter(({ tag }) => tag === TAG.needed).map(({ value }) => nameAt(value)) };
}

function segmentOf(header: Buffer): { type: number; offset: number; address: number; bytes: number } {
  return { type: header.readUInt32LE(0), offset: number(header, 8), address: number(header, 16), bytes: number(header, 32) };
}

const number = (buffer: Buffer, at: number): number => Number(buffer.readBigUInt64LE(at));
