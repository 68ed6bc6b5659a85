import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { KEY_BYTES } from './text-key.ts';

/** Begins every file, so that no other is taken for one. */
export const MAGIC = Buffer.from('RETORT hidden states 1\n');

/** Before each text's states: its key, the bytes that follow (uint32), and the first bytes of their SHA-256. */
const CHECK_BYTES = 8;
const RECORD_HEADER = KEY_BYTES + 4 + CHECK_BYTES;

/** Where a text's states lie in a file. */
export interface Place { readonly path: string; readonly position: number; readonly bytes: number; readonly check: Buffer }

export function recordHeader(key: Buffer, data: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.byteLength);
  return Buffer.concat([key, length, checkOf(data)]);
}

/** Whether states are those that were written. */
export const isWhole = (data: Uint8Array, { check }: Place): boolean => checkOf(data).equals(check);

const checkOf = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest().subarray(0, CHECK_BYTES);

/** Every whole record of a file by its key in hex; what a killed program left of one at the end is passed over, like a file of another kind. */
export function listRecords(path: string): Map<string, Place> {
  const found = new Map<string, Place>();
  const file = openSync(path, 'r');
  try {
    const read = (bytes: number, position: number): Buffer => {
      const buffer = Buffer.alloc(bytes);
      return buffer.subarray(0, readSync(file, buffer, 0, bytes, position));
    };
    if (!read(MAGIC.length, 0).equals(MAGIC)) return found;
    for (let at = MAGIC.length; ;) {
      const header = read(RECORD_HEADER, at);
      if (header.length < RECORD_HEADER) return found;
      const bytes = header.readUInt32LE(KEY_BYTES);
      const position = at + RECORD_HEADER;
      // Its last byte is there.
      if (bytes > 0 && read(1, position + bytes - 1).length === 0) return found;
      found.set(header.toString('hex', 0, KEY_BYTES), { path, position, bytes, check: Buffer.from(header.subarray(KEY_BYTES + 4)) });
      at = position + bytes;
    }
  } finally {
    closeSync(file);
  }
}
