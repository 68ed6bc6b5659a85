import { Problem } from '../../contract/problem.ts';
import { ON_DISK, type ByteSource } from '../../files/byte-source.ts';
import type { MetadataValue } from './metadata.ts';

/** One entry of the tensor index. */
export interface TensorEntry {
  readonly name: string;
  /** Outermost dimension first, as everywhere but in the file. */
  readonly shape: readonly number[];
  /** Number of the element type (`ggml_type`). */
  readonly type: number;
  /** Bytes from the beginning of the tensor data. */
  readonly offset: number;
}

export interface Header {
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly tensors: readonly TensorEntry[];
  /** Byte of the file at which the tensor data begin. */
  readonly dataStart: number;
}

const FIRST_READ = 1 << 22;
/** Vocabularies of half a million tokens take some 30 MB; more is no header. */
const MAX_HEADER = 1 << 28;
/** Items of all lists of the metadata together. */
const MAX_ITEMS = 1 << 24;
const MAX_DIMENSIONS = 4;
const DEFAULT_ALIGNMENT = 32;
const HINT = 'Copy or download the file again.';

/** Reads those of a file of this machine. @throws Problem as `readHeader` */
export async function readHeaderAt(path: string): Promise<Header> {
  const file = await ON_DISK.open(path);
  try {
    return await readHeader(path, file);
  } finally {
    await file.close();
  }
}

/** Reads metadata and tensor index. Throws a `Problem` that names the file and what is wrong. */
export async function readHeader(path: string, file: ByteSource): Promise<Header> {
  const { size } = file;
  for (let length = FIRST_READ; ; length *= 2) {
    const bytes = Buffer.alloc(Math.min(length, size));
    const bytesRead = await file.read(bytes, 0);
    try {
      return parseHeader(path, new Cursor(path, bytes.subarray(0, bytesRead), size));
    } catch (error) {
      if (!(error instanceof NeedsMore)) throw error;
      if (length >= MAX_HEADER) throw new Problem(`${path} is damaged: its header is longer than ${MAX_HEADER} bytes`, { hint: HINT });
    }
  }
}

function parseHeader(path: string, cursor: Cursor): Header {
  checkKind(path, cursor);
  const tensorCount = cursor.u64('its number of tensors');
  const keyCount = cursor.u64('its number of metadata keys');
  const metadata = new Map<string, MetadataValue>();
  for (let at = 0; at < keyCount; at++) {
    const key = cursor.text('its metadata');
    metadata.set(key, readValue(cursor, cursor.u32(key), key));
  }
  const tensors: TensorEntry[] = [];
  for (let at = 0; at < tensorCount; at++) tensors.push(readTensor(cursor));
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== 'number' || !Number.isInteger(alignment) || alignment < 1) throw cursor.damaged(`general.alignment is ${String(alignment)}`);
  return { metadata, tensors, dataStart: Math.ceil(cursor.at / alignment) * alignment };
}

function checkKind(path: string, cursor: Cursor): void {
  const isGguf = cursor.size >= 4 && cursor.bytes(4, 'its first bytes').toString('latin1') === 'GGUF';
  if (!isGguf) throw new Problem(`${path} is not a GGUF file: it does not begin with "GGUF"`, { hint: 'Give the path of a model in the format of llama.cpp.' });
  const version = cursor.u32('its version');
  if (version === 2 || version === 3) return;
  const what = version & 0xffff ? `version ${version} of GGUF` : 'GGUF of big-endian machines';
  throw new Problem(`${path} is in ${what}, which Retort does not read`, { hint: 'Convert the model again with a current llama.cpp.' });
}

function readTensor(cursor: Cursor): TensorEntry {
  const name = cursor.text('its tensor index');
  const dimensions = cursor.u32(name);
  if (dimensions > MAX_DIMENSIONS) throw cursor.damaged(`the tensor ${name} has ${dimensions} dimensions`);
  const shape = Array.from({ length: dimensions }, () => cursor.u64(name)).reverse();
  return { name, shape, type: cursor.u32(name), offset: cursor.u64(name) };
}

const ARRAY = 9;

/** Readers of the metadata's types by number, but for lists. */
const SCALARS: Readonly<Record<number, (cursor: Cursor, where: string) => MetadataValue>> = {
  0: (cursor, where) => cursor.bytes(1, where).readUInt8(),
  1: (cursor, where) => cursor.bytes(1, where).readInt8(),
  2: (cursor, where) => cursor.bytes(2, where).readUInt16LE(),
  3: (cursor, where) => cursor.bytes(2, where).readInt16LE(),
  4: (cursor, where) => cursor.u32(where),
  5: (cursor, where) => cursor.bytes(4, where).readInt32LE(),
  6: (cursor, where) => cursor.bytes(4, where).readFloatLE(),
  7: (cursor, where) => cursor.bytes(1, where).readUInt8() !== 0,
  8: (cursor, where) => cursor.text(where),
  10: (cursor, where) => Number(cursor.bytes(8, where).readBigUInt64LE()),
  11: (cursor, where) => Number(cursor.bytes(8, where).readBigInt64LE()),
  12: (cursor, where) => cursor.bytes(8, where).readDoubleLE(),
};

function readValue(cursor: Cursor, type: number, key: string): MetadataValue {
  if (type === ARRAY) {
    const itemType = cursor.u32(key);
    if (itemType === ARRAY) throw cursor.damaged(`the value of ${key} is a list of lists`);
    const length = cursor.u64(key);
    cursor.expect(length, key);
    const items: MetadataValue[] = [];
    for (let at = 0; at < length; at++) items.push(readValue(cursor, itemType, key));
    return items;
  }
  const read = SCALARS[type];
  if (!read) throw cursor.damaged(`the value of ${key} has the unknown type ${type}`);
  return read(cursor, key);
}

/** The beginning of the file that has been read does not hold the whole header. */
class NeedsMore extends Error {}

/** Reads the beginning of a file of `size` bytes value by value. */
class Cursor {
  at = 0;
  readonly size: number;
  private items = 0;
  private readonly path: string;
  private readonly buffer: Buffer;

  constructor(path: string, buffer: Buffer, size: number) {
    this.path = path;
    this.buffer = buffer;
    this.size = size;
  }

  bytes(length: number, where: string): Buffer {
    const end = this.at + length;
    if (end > this.size) throw this.damaged(`it is cut off within its header, at ${where} (${this.size} bytes)`);
    if (end > this.buffer.length) throw new NeedsMore();
    const bytes = this.buffer.subarray(this.at, end);
    this.at = end;
    return bytes;
  }

  u32(where: string): number {
    return this.bytes(4, where).readUInt32LE();
  }

  /** A count or an offset. */
  u64(where: string): number {
    const value = Number(this.bytes(8, where).readBigUInt64LE());
    if (!Number.isSafeInteger(value)) throw this.damaged(`there is an impossible number (${value}) at ${where}`);
    return value;
  }

  text(where: string): string {
    return this.bytes(this.u64(where), where).toString('utf8');
  }

  /** @throws Problem where so many items of a list are more than a header has */
  expect(items: number, where: string): void {
    this.items += items;
    if (this.items > MAX_ITEMS) throw this.damaged(`the value of ${where} is a list of ${items} items`);
  }

  damaged(what: string): Problem {
    return new Problem(`${this.path} is damaged: ${what}`, { hint: HINT });
  }
}
