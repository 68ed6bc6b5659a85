import { open, type FileHandle } from 'node:fs/promises';
import { Problem } from '../contract/problem.ts';
import { bytesPerElement, encodeFloats, largestOf, type FloatFormat } from './float-formats.ts';

export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  /** The elements in row-major order, whole or piece by piece; or their bytes as they are stored, in a type of their own. */
  readonly data: Float32Array | Iterable<Float32Array> | AsyncIterable<Float32Array> | StoredElements;
}

export interface StoredElements {
  readonly dtype: 'U32' | 'F16';
  /** Asked for once, when they are written. */
  bytes(): Uint8Array;
}

const isStored = (data: TensorToWrite['data']): data is StoredElements => 'dtype' in data;
const STORED_BYTES: Readonly<Record<StoredElements['dtype'], number>> = { U32: 4, F16: 2 };

/** Elements converted and written at once. */
const PIECE = 1 << 22;

/**
 * Writes a new safetensors file in one pass and waits until it is on the disk. Tensors given piece by piece are never
 * held whole. Refuses to overwrite a file, and to write as infinite a number that is finite.
 */
export async function writeSafetensors(
  path: string, tensors: readonly TensorToWrite[], format: FloatFormat, metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await writeAll(file, headerOf(tensors, format, metadata));
    for (const tensor of tensors) await writeTensor(file, tensor, format);
    await file.sync();
  } finally {
    await file.close();
  }
}

function headerOf(tensors: readonly TensorToWrite[], format: FloatFormat, metadata: Readonly<Record<string, string>>): Uint8Array {
  let end = 0;
  const entries = tensors.map(({ name, shape, data }) => {
    const begin = end;
    end += elementsOf(shape) * (isStored(data) ? STORED_BYTES[data.dtype] : bytesPerElement(format));
    return [name, { dtype: isStored(data) ? data.dtype : format, shape, data_offsets: [begin, end] }] as const;
  });
  const text = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  // Padded with spaces, so that the data begin at a multiple of eight.
  const header = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  text.copy(header, 8);
  return header;
}

async function writeTensor(file: FileHandle, { name, shape, data }: TensorToWrite, format: FloatFormat): Promise<void> {
  if (isStored(data)) {
    const bytes = data.bytes();
    if (bytes.length !== elementsOf(shape) * STORED_BYTES[data.dtype]) throw new Error(`${name} brought ${bytes.length} bytes for shape [${shape.join(', ')}]`);
    return writeAll(file, bytes);
  }
  let written = 0;
  for await (const part of data instanceof Float32Array ? [data] : data) {
    for (let at = 0; at < part.length; at += PIECE) {
      const piece = part.subarray(at, at + PIECE);
      if (format !== 'F32') checkRange(name, piece, format);
      await writeAll(file, encodeFloats(format, piece));
    }
    written += part.length;
  }
  if (written !== elementsOf(shape)) throw new Error(`${name} brought ${written} elements for shape [${shape.join(', ')}]`);
}

function checkRange(name: string, values: Float32Array, format: FloatFormat): void {
  const largest = largestOf(format);
  // A loop, because this looks at every weight: `find` takes as long as all the rest of writing.
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (Math.abs(value) > largest && Number.isFinite(value)) {
      throw new Problem(`the weight ${name} holds ${value}, more than ${format} can express (${largest})`, {
        hint: format === 'F16' ? 'Write the model as bf16 or fp32.' : 'Write the model as fp32.',
      });
    }
  }
}

/** One call may write less than it is given. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
