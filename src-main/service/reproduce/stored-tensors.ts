import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DTYPES } from '../../graph/dtype.ts';
import { readOnnx } from '../../graph/onnx/read.ts';
import { BLOCK_FORMATS } from '../../model/gguf/dequantize/types.ts';
import { GgufFile } from '../../model/gguf/gguf-file.ts';
import { SafetensorsFile } from '../../model/safetensors-read.ts';

/** A tensor as a file holds it: so many bytes at a place in a file, or bytes that were read with its header. */
export interface StoredTensor {
  readonly name: string;
  /** By its file's own names: `F32`, `Q4_K`, `onnx 3`; what `BLOCK_FORMATS` has can be read as numbers. */
  readonly type: string;
  readonly shape: readonly number[];
  readonly bytes: { readonly path: string; readonly offset: number; readonly length: number } | Uint8Array;
}

/** Files that hold weights, by the ends of their names. */
export const WEIGHT_FILES = /\.(safetensors|gguf|onnx)$/;

/** The tensors of a file of weights. @throws Problem where it is damaged */
export async function storedTensors(path: string): Promise<StoredTensor[]> {
  if (path.endsWith('.gguf')) return ofGguf(await GgufFile.open(path));
  return path.endsWith('.onnx') ? ofOnnx(path) : ofSafetensors(await SafetensorsFile.open(path));
}

/** How the elements of a tensor are read as numbers; null where they are none, or packed in a way of their own. */
export const numbersOf = ({ type }: StoredTensor): (typeof BLOCK_FORMATS)[string] | null => BLOCK_FORMATS[type] ?? null;

function ofGguf(file: GgufFile): StoredTensor[] {
  return file.tensorNames.map((name) => {
    const { path, offset, bytes: length } = file.place(name);
    return { name, type: file.type(name), shape: file.shape(name), bytes: { path, offset, length } };
  });
}

function ofSafetensors(file: SafetensorsFile): StoredTensor[] {
  return file.tensors.map(({ name, dtype, shape }) => {
    const { begin, end } = file.range(name);
    return { name, type: dtype, shape, bytes: { path: file.path, offset: begin, length: end - begin } };
  });
}

/** Its initializers, some of which may lie in a file beside it. */
async function ofOnnx(path: string): Promise<StoredTensor[]> {
  const { graph } = readOnnx(await readFile(path));
  return graph.initializer.map(({ name, dims, dataType, rawData, dataLocation, externalData }) => {
    const place = Object.fromEntries(externalData.map(({ key, value }) => [key, value]));
    const bytes = dataLocation === 0 ? rawData : { path: join(dirname(path), place['location'] ?? ''), offset: Number(place['offset'] ?? 0), length: Number(place['length'] ?? 0) };
    return { name, type: ONNX_TYPES[dataType] ?? `onnx ${dataType}`, shape: dims, bytes };
  });
}

const ONNX_TYPES: Readonly<Record<number, string>> = { [DTYPES.float32.code]: 'F32', [DTYPES.float16.code]: 'F16', [DTYPES.bfloat16.code]: 'BF16' };
