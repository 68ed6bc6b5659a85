import { open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import { freeBytes } from '../../files/disk-space.ts';
import { sizeOf } from '../../graph/shape.ts';
import { largestOf } from '../../model/float-formats.ts';
import { bytesOf, tensorFormat, type TensorType } from '../../model/gguf/quantize/types.ts';
import { headerBytes, padding, type IndexEntry } from './header-bytes.ts';
import type { KeyValues } from './key-values.ts';

/** A tensor of a file, and where its elements come from. */
export interface TensorToWrite {
  readonly name: string;
  /** Outermost dimension first. */
  readonly shape: readonly number[];
  readonly kind: TensorType;
  /** How much each column matters in rounding; null where all do alike. */
  readonly importance: Float32Array | null;
  /** Its elements in whole rows; each piece is good until the next is asked for. */
  pieces(): AsyncIterable<Float32Array> | Iterable<Float32Array>;
}

/**
 * Writes a new GGUF file tensor by tensor, none of them held whole but those that must be turned round, and waits until it
 * is on the disk.
 * @returns its bytes
 * @throws Problem where the disk has no room for it, before anything is written
 */
export async function writeTensors(path: string, keys: KeyValues, tensors: readonly TensorToWrite[], signal: AbortSignal): Promise<number> {
  const placed = place(tensors);
  const header = headerBytes(keys, placed);
  const size = header.length + placed.reduce((sum, { bytes }) => sum + bytes + padding(bytes), 0);
  await demandRoom(dirname(path), size);
  const file = await open(path, 'wx');
  try {
    await writeAll(file, header);
    for (const tensor of placed) {
      signal.throwIfAborted();
      await writeTensor(file, tensor);
      await writeAll(file, new Uint8Array(padding(tensor.bytes)));
    }
    await file.sync();
  } finally {
    await file.close();
  }
  const { size: written } = await stat(path);
  if (written !== size) throw new Error(`${path} has ${written} bytes instead of ${size}`);
  return size;
}

function place(tensors: readonly TensorToWrite[]): (TensorToWrite & IndexEntry & { readonly bytes: number })[] {
  let offset = 0;
  return tensors.map((tensor) => {
    const bytes = bytesOf(tensor.kind, sizeOf(tensor.shape));
    const entry = { ...tensor, bytes, offset, type: tensorFormat(tensor.kind).number };
    offset += bytes + padding(bytes);
    return entry;
  });
}

async function writeTensor(file: FileHandle, { name, shape, kind, importance, pieces }: TensorToWrite): Promise<void> {
  const { encode } = tensorFormat(kind);
  const width = shape.at(-1)!;
  for await (const piece of pieces()) {
    const rows = shape.length > 1 ? width : piece.length;
    if (kind === 'F16' || kind === 'BF16') refuseBeyond(name, piece, kind);
    const bytes = new Uint8Array(bytesOf(kind, piece.length));
    encode(piece, bytes, rows, importance);
    await writeAll(file, bytes);
  }
}

/** A weight that is finite must not become infinite. */
function refuseBeyond(name: string, values: Float32Array, kind: 'F16' | 'BF16'): void {
  const largest = largestOf(kind);
  for (let at = 0; at < values.length; at++) {
    if (Math.abs(values[at]!) <= largest) continue;
    throw new Problem(`The weight ${name} holds ${values[at]}, more than ${kind} can express (${largest}).`, { hint: 'Choose the type bf16 or q8_0.' });
  }
}

async function demandRoom(folder: string, size: number): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= size) return;
  throw new Problem(`The GGUF file takes ${text(size)}, and the disk of ${folder} has ${text(free)} free.`, { kind: 'failure', hint: 'Free some space, choose a smaller type, or export to another disk.' });
}

const text = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

/** One call may write less than it is given. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
}
