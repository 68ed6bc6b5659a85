import { open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import { freeBytes } from '../../files/disk-space.ts';
import { sizeOf } from '../../graph/shape.ts';
import { largestOf } from '../../model/float-formats.ts';
import { bytesOf, tensorFormat, type TensorType } from '../../model/gguf/quantize/types.ts';
import type { ModelFiles } from '../../model/model-files.ts';
import { headerBytes, padding, type IndexEntry } from './header-bytes.ts';
import type { Imatrix } from './imatrix.ts';
import { u32, type KeyValues } from './key-values.ts';
import { MIXTURES, tensorTypes, type Mixture } from './mixture.ts';
import { shapeOf, tensorPieces } from './pieces.ts';
import type { ExportPlan, TensorToMake } from './plan-export.ts';

export interface GgufToWrite {
  readonly model: Pick<ModelFiles, 'pieces'>;
  readonly layers: number;
  readonly plan: ExportPlan;
  /** Those of the tokenizer, and what tells the file apart. */
  readonly keys: KeyValues;
  readonly mixture: Mixture;
  readonly imatrix: Imatrix | null;
  readonly signal: AbortSignal;
}

interface Written extends IndexEntry { readonly kind: TensorType; readonly bytes: number; readonly make: TensorToMake | Float32Array }

/**
 * Writes a new GGUF file tensor by tensor, none of them held whole but those that must be turned round, and waits until it
 * is on the disk.
 * @returns its bytes
 * @throws Problem where the disk has no room for it, before anything is written
 */
export async function writeGguf(path: string, { model, layers, plan, keys, mixture, imatrix, signal }: GgufToWrite): Promise<number> {
  const tensors = place(plan, mixture, layers, imatrix !== null);
  const header = headerBytes({
    ...plan.keys, ...keys, 'general.file_type': u32(MIXTURES[mixture].fileType), 'general.quantization_version': u32(2),
  }, tensors);
  const size = header.length + tensors.reduce((sum, { bytes }) => sum + bytes + padding(bytes), 0);
  await demandRoom(dirname(path), size);
  const file = await open(path, 'wx');
  try {
    await writeAll(file, header);
    for (const tensor of tensors) {
      signal.throwIfAborted();
      await writeTensor(file, model, tensor, imatrix);
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

function place({ tensors, tables, architecture }: ExportPlan, mixture: Mixture, layers: number, hasImatrix: boolean): Written[] {
  const shaped = tensors.map((make) => ({ target: make.target, shape: shapeOf(make), make }));
  const types = tensorTypes(shaped, mixture, { architecture, layers, hasImatrix });
  const all = [
    ...[...tables].map(([name, make]) => ({ name, shape: [make.length] as readonly number[], kind: 'F32' as const, make })),
    ...shaped.map(({ target: name, shape, make }, at) => ({ name, shape, kind: types[at]!, make })),
  ];
  let offset = 0;
  return all.map(({ name, shape, kind, make }) => {
    const bytes = bytesOf(kind, sizeOf(shape));
    const entry = { name, shape, kind, make, bytes, offset, type: tensorFormat(kind).number };
    offset += bytes + padding(bytes);
    return entry;
  });
}

async function writeTensor(file: FileHandle, model: Pick<ModelFiles, 'pieces'>, { name, shape, kind, make }: Written, imatrix: Imatrix | null): Promise<void> {
  const { encode } = tensorFormat(kind);
  const width = shape.at(-1)!;
  const weights = imatrix?.get(name) ?? null;
  for await (const piece of make instanceof Float32Array ? [make] : tensorPieces(model, make)) {
    const rows = shape.length > 1 ? width : piece.length;
    if (kind === 'F16' || kind === 'BF16') refuseBeyond(name, piece, kind);
    const bytes = new Uint8Array(bytesOf(kind, piece.length));
    encode(piece, bytes, rows, weights);
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
