import type { FileHandle } from 'node:fs/promises';
import { Problem } from '../../contract/problem.ts';
import { refuseInfinite } from '../finite.ts';
import { openFile, readFully, withFile } from '../../files/file-bytes.ts';
import type { BlockFormat } from './dequantize/blocks.ts';
import { BLOCK_FORMATS, typeName } from './dequantize/types.ts';
import { readHeader, type Header, type TensorEntry } from './header.ts';
import { Metadata } from './metadata.ts';

interface Place { readonly shape: readonly number[]; readonly elements: number; readonly format: BlockFormat; readonly begin: number }

/** Elements decoded at once. */
const PIECE = 1 << 20;

/** A GGUF file whose header has been checked against its size. Tensors are read and decoded when asked for. */
export class GgufFile {
  readonly path: string;
  readonly metadata: Metadata;
  private readonly places: ReadonlyMap<string, Place>;

  private constructor(path: string, metadata: Metadata, places: ReadonlyMap<string, Place>) {
    this.path = path;
    this.metadata = metadata;
    this.places = places;
  }

  /** Throws a `Problem` that names the file and what is wrong with it, a tensor type that cannot be read included. */
  static async open(path: string): Promise<GgufFile> {
    return withFile(path, async (file) => {
      const header = await readHeader(path, file);
      return new GgufFile(path, new Metadata(path, header.metadata), placesOf(path, header, (await file.stat()).size));
    });
  }

  get tensorNames(): string[] {
    return [...this.places.keys()];
  }

  has(name: string): boolean {
    return this.places.has(name);
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
    const { format, elements, begin } = this.find(name);
    const length = Math.min(elements, Math.max(1, Math.floor(PIECE / unit)) * unit);
    const piece = new Float32Array(length);
    const bytes = new Uint8Array(length / format.elements * format.bytes);
    const file = await openFile(this.path);
    try {
      for (let at = 0; at < elements; at += length) {
        const part = piece.subarray(0, elements - at);
        const blocks = bytes.subarray(0, part.length / format.elements * format.bytes);
        await readAll(this.path, file, blocks, begin + at / format.elements * format.bytes);
        format.decode(blocks, part);
        refuseInfinite(this.path, name, part, at);
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
    if (!place) throw new Error(`${this.path} has no tensor ${name}`);
    return place;
  }
}

function placesOf(path: string, { tensors, dataStart }: Header, size: number): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const tensor of tensors) {
    const format = BLOCK_FORMATS[typeName(tensor.type)];
    if (!format) throw unreadable(path, tensor);
    const { name, shape } = tensor;
    const elements = shape.reduce((product, dimension) => product * dimension, 1);
    const begin = dataStart + tensor.offset;
    const end = begin + elements / format.elements * format.bytes;
    if (places.has(name)) throw damaged(path, `it has two tensors ${name}`);
    if (elements === 0 || (shape.at(-1) ?? 1) % format.elements !== 0) {
      throw damaged(path, `the tensor ${name} of shape [${shape.join(', ')}] does not fit its type ${typeName(tensor.type)}`);
    }
    if (end > size) throw damaged(path, `it is cut off: the tensor ${name} ends at byte ${end} of ${size}`);
    places.set(name, { shape, elements, format, begin });
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

function readAll(path: string, file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  return readFully(file, bytes, position, () => damaged(path, 'it became shorter while it was read'));
}
