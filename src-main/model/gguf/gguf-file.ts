import { Problem } from '../../contract/problem.ts';
import { refuseInfinite } from '../finite.ts';
import { ON_DISK, type ByteSource, type ByteSources } from '../../files/byte-source.ts';
import type { BlockFormat } from './dequantize/blocks.ts';
import { BLOCK_FORMATS, typeName } from './dequantize/types.ts';
import { readHeader, type Header, type TensorEntry } from './header.ts';
import { Metadata } from './metadata.ts';
import { checkParts, partsOf } from './split.ts';

interface Place {
  /** The file, of a model's one or many, that holds the tensor. */
  readonly path: string;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly type: string;
  readonly format: BlockFormat;
  readonly begin: number;
}

/** Elements decoded at once. */
const PIECE = 1 << 20;

/** A GGUF file, or one in parts, whose headers have been checked against their sizes. Tensors are read and decoded when asked for. */
export class GgufFile {
  readonly path: string;
  readonly metadata: Metadata;
  private readonly places: ReadonlyMap<string, Place>;
  private readonly from: ByteSources;

  private constructor(path: string, metadata: Metadata, places: ReadonlyMap<string, Place>, from: ByteSources) {
    this.path = path;
    this.metadata = metadata;
    this.places = places;
    this.from = from;
  }

  /** Throws a `Problem` that names the file and what is wrong with it, a tensor type that cannot be read included. */
  static async open(path: string, from: ByteSources = ON_DISK): Promise<GgufFile> {
    const given = await openPart(path, from);
    const paths = partsOf(path, given.metadata, from);
    if (paths.length === 1) return new GgufFile(path, given.metadata, given.places, from);
    const parts = await Promise.all(paths.map(async (part) => (part === path ? given : openPart(part, from))));
    checkParts(paths, parts.map(({ metadata }) => metadata));
    const all = new Map(parts.flatMap(({ places }) => [...places]));
    const count = parts[0]!.metadata.count('split.tensors.count') ?? all.size;
    if (all.size !== count || all.size !== parts.reduce((sum, { places }) => sum + places.size, 0)) {
      throw damaged(path, `its ${paths.length} parts have ${all.size} tensors instead of ${count}`);
    }
    return new GgufFile(paths[0]!, parts[0]!.metadata, all, from);
  }

  /** The files that it consists of. */
  get paths(): string[] {
    return [...new Set([...this.places.values()].map(({ path }) => path))];
  }

  get tensorNames(): string[] {
    return [...this.places.keys()];
  }

  has(name: string): boolean {
    return this.places.has(name);
  }

  /** Name of the tensor's type. */
  type(name: string): string {
    return this.find(name).type;
  }

  /** Where the tensor's blocks lie. */
  place(name: string): { path: string; offset: number; bytes: number } {
    const { path, begin, elements, format } = this.find(name);
    return { path, offset: begin, bytes: elements / format.elements * format.bytes };
  }

  /** Outermost dimension first. */
  shape(name: string): readonly number[] {
    return this.find(name).shape;
  }

  /**
   * The tensor's elements as float32, piece by piece; each piece is good until the next is asked for and holds whole
   * units of `unit` elements (a multiple of the type's block).
   */
  async *pieces(name: string, unit = PIECE): AsyncGenerator<Float32Array> {
    const { path, format, elements, begin } = this.find(name);
    const length = Math.min(elements, Math.max(1, Math.floor(PIECE / unit)) * unit);
    const piece = new Float32Array(length);
    const bytes = new Uint8Array(length / format.elements * format.bytes);
    const file = await this.from.open(path);
    try {
      for (let at = 0; at < elements; at += length) {
        const part = piece.subarray(0, elements - at);
        const blocks = bytes.subarray(0, part.length / format.elements * format.bytes);
        await readAll(path, file, blocks, begin + at / format.elements * format.bytes);
        format.decode(blocks, part);
        refuseInfinite(path, name, part, at);
        yield part;
      }
    } finally {
      await file.close();
    }
  }

  /** The whole tensor. */
  async read(name: string): Promise<Float32Array> {
    const whole = new Float32Array(this.find(name).elements);
    let at = 0;
    for await (const piece of this.pieces(name)) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  private find(name: string): Place {
    const place = this.places.get(name);
    if (!place) throw new Problem(`${this.path} lacks the tensor ${name}.`, { hint: 'The file is damaged or only a part of a model.' });
    return place;
  }
}

async function openPart(path: string, from: ByteSources): Promise<{ metadata: Metadata; places: Map<string, Place> }> {
  const file = await from.open(path);
  try {
    const header = await readHeader(path, file);
    return { metadata: new Metadata(path, header.metadata), places: placesOf(path, header, file.size) };
  } finally {
    await file.close();
  }
}

function placesOf(path: string, { tensors, dataStart }: Header, size: number): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const tensor of tensors) {
    const type = typeName(tensor.type);
    const format = BLOCK_FORMATS[type];
    if (!format) throw unreadable(path, tensor);
    const { name, shape } = tensor;
    const elements = shape.reduce((product, dimension) => product * dimension, 1);
    const begin = dataStart + tensor.offset;
    const end = begin + elements / format.elements * format.bytes;
    if (places.has(name)) throw damaged(path, `it has two tensors ${name}`);
    if (elements === 0 || (shape.at(-1) ?? 1) % format.elements !== 0) {
      throw damaged(path, `the tensor ${name} of shape [${shape.join(', ')}] does not fit its type ${type}`);
    }
    if (end > size) throw damaged(path, `it is cut off: the tensor ${name} ends at byte ${end} of ${size}`);
    places.set(name, { path, shape, elements, type, format, begin });
  }
  return places;
}

function unreadable(path: string, { name, type }: TensorEntry): Problem {
  return new Problem(`${path}: the tensor ${name} is stored as ${typeName(type)}; Retort reads ${Object.keys(BLOCK_FORMATS).join(', ')}`, {
    hint: 'Take another quantization of the model, Q8_0 or F16 for instance.',
  });
}

function damaged(path: string, what: string): Problem {
  return new Problem(`${path} is damaged: ${what}`, { hint: 'Copy or download the file again.' });
}

async function readAll(path: string, file: ByteSource, bytes: Uint8Array, position: number): Promise<void> {
  if (await file.read(bytes, position) < bytes.length) throw damaged(path, 'it became shorter while it was read');
}
