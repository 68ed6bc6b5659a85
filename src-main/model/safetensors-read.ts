import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { Problem } from '../contract/problem.ts';
import { refuseInfinite } from './finite.ts';
import { openFile, readFully, withFile } from '../files/file-bytes.ts';
import { bytesPerElement, decodeFloats, FLOAT_FORMATS, isFloatFormat, type FloatFormat } from './float-formats.ts';

export interface TensorInfo {
  readonly name: string;
  /** As the file says; only `FLOAT_FORMATS` can be read. */
  readonly dtype: string;
  readonly shape: readonly number[];
}

interface Place { readonly info: TensorInfo; readonly begin: number; readonly end: number }

/** Elements read at once. */
const PIECE = 1 << 22;
/** The format's own limit on its header. */
const MAX_HEADER = 100_000_000;

const size = z.int().nonnegative();
const headerSchema = z.record(z.string(), z.object({
  dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]),
}));

/** A safetensors file whose header has been checked against its size. Tensors are read when asked for. */
export class SafetensorsFile {
  readonly path: string;
  readonly tensors: readonly TensorInfo[];
  private readonly places: ReadonlyMap<string, Place>;

  private constructor(path: string, places: readonly Place[]) {
    this.path = path;
    this.tensors = places.map(({ info }) => info);
    this.places = new Map(places.map((place) => [place.info.name, place]));
  }

  /** Throws a `Problem` that names the file and what is wrong with it. */
  static async open(path: string): Promise<SafetensorsFile> {
    return withFile(path, async (file) => new SafetensorsFile(path, await readHeader(path, file)));
  }

  /** Fills `into`, memory of any kind, with the tensor's elements. */
  async read(name: string, into: Float32Array): Promise<void> {
    const { begin, format, elements } = this.find(name);
    if (into.length > elements) throw new Error(`${name} has ${elements} elements, and not ${into.length}`);
    await withFile(this.path, async (file) => {
      for (let at = 0; at < into.length; at += PIECE) {
        const part = into.subarray(at, at + PIECE);
        await this.readPiece(file, format, begin + at * bytesPerElement(format), part);
        refuseInfinite(this.path, name, part, at);
      }
    });
  }

  /** The tensor's elements piece by piece; each piece is good until the next is asked for. */
  async *pieces(name: string): AsyncGenerator<Float32Array> {
    const { begin, format, elements } = this.find(name);
    const piece = new Float32Array(Math.min(PIECE, elements));
    const file = await openFile(this.path);
    try {
      for (let at = 0; at < elements; at += PIECE) {
        const part = piece.subarray(0, elements - at);
        await this.readPiece(file, format, begin + at * bytesPerElement(format), part);
        refuseInfinite(this.path, name, part, at);
        yield part;
      }
    } finally {
      await file.close();
    }
  }

  /** Where a tensor's bytes lie in the file. */
  place(name: string): { begin: number; end: number; format: FloatFormat } {
    const { begin, format, elements } = this.find(name);
    return { begin, end: begin + elements * bytesPerElement(format), format };
  }

  /** The same of a tensor of any type. */
  range(name: string): { begin: number; end: number } {
    const { begin, end } = this.places.get(name)!;
    return { begin, end };
  }

  private find(name: string): { begin: number; format: FloatFormat; elements: number } {
    const place = this.places.get(name);
    if (!place) throw new Error(`${this.path} has no tensor ${name}`);
    const { begin, end, info: { dtype } } = place;
    if (!isFloatFormat(dtype)) throw unreadable(this.path, place.info);
    return { begin, format: dtype, elements: (end - begin) / bytesPerElement(dtype) };
  }

  private async readPiece(file: FileHandle, format: FloatFormat, position: number, out: Float32Array): Promise<void> {
    // Float32 goes where it belongs without a copy.
    const bytes = format === 'F32'
      ? new Uint8Array(out.buffer, out.byteOffset, out.byteLength)
      : new Uint8Array(out.length * bytesPerElement(format));
    await readAll(this.path, file, bytes, position);
    if (format !== 'F32') decodeFloats(format, bytes, out);
  }
}

export function unreadable(path: string, { name, dtype }: TensorInfo): Problem {
  return new Problem(`${path}: the tensor ${name} is stored as ${dtype}; Retort reads ${FLOAT_FORMATS.join(', ')}`, {
    hint: 'Save the model in one of these formats, without quantization.',
  });
}

async function readHeader(path: string, file: FileHandle): Promise<Place[]> {
  const { size: fileSize } = await file.stat();
  if (fileSize < 8) throw corrupt(path, `it has ${fileSize} bytes, too few for a safetensors file`);
  const lengthBytes = Buffer.alloc(8);
  await readAll(path, file, lengthBytes, 0);
  const length = Number(lengthBytes.readBigUInt64LE());
  if (length > MAX_HEADER) throw corrupt(path, 'it does not begin like a safetensors file');
  if (8 + length > fileSize) throw corrupt(path, `it is cut off within its header (${fileSize} bytes)`);
  const text = Buffer.alloc(length);
  await readAll(path, file, text, 8);
  const places = parseHeader(path, text.toString('utf8'), 8 + length);
  checkPlaces(path, places, 8 + length, fileSize);
  return places;
}

function parseHeader(path: string, text: string, dataStart: number): Place[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw corrupt(path, 'its header is not JSON', cause);
  }
  const { __metadata__: _, ...entries } = z.record(z.string(), z.unknown()).catch({}).parse(json);
  const parsed = headerSchema.safeParse(entries);
  if (!parsed.success) throw corrupt(path, `its header is malformed at ${parsed.error.issues[0]?.path.join('.') ?? 'its root'}`);
  return Object.entries(parsed.data)
    .map(([name, { dtype, shape, data_offsets: [begin, end] }]) => (
      { info: { name, dtype, shape }, begin: dataStart + begin, end: dataStart + end }))
    .sort((left, right) => left.begin - right.begin || left.end - right.end);
}

/** The tensors must fill the rest of the file without gap or overlap, as the format demands. */
function checkPlaces(path: string, places: readonly Place[], dataStart: number, fileSize: number): void {
  let at = dataStart;
  for (const { info: { name, dtype, shape }, begin, end } of places) {
    if (begin !== at || end < begin) throw corrupt(path, `the tensor ${name} does not begin where the one before it ends`);
    const elements = shape.reduce((product, dimension) => product * dimension, 1);
    if (isFloatFormat(dtype) && end - begin !== elements * bytesPerElement(dtype)) {
      throw corrupt(path, `the tensor ${name} takes ${end - begin} bytes, which does not fit ${dtype} of shape [${shape.join(', ')}]`);
    }
    at = end;
  }
  if (fileSize < at) throw corrupt(path, `it is cut off: it has ${fileSize} bytes of the ${at} that its header promises`);
  if (fileSize > at) throw corrupt(path, `it has ${fileSize} bytes, but its header describes only ${at}`);
}

function readAll(path: string, file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  return readFully(file, bytes, position, () => corrupt(path, 'it became shorter while it was read'));
}

function corrupt(path: string, what: string, cause?: unknown): Problem {
  return new Problem(`${path} is damaged: ${what}`, { hint: 'Copy or download the file again.', ...(cause === undefined ? {} : { cause }) });
}
