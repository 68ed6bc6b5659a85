import { open, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportPrecision } from '../contract/export-report.ts';
import { DTYPES } from '../graph/dtype.ts';
import { sizeOf } from '../graph/shape.ts';
import type { ExternalData } from '../graph/onnx/protos.ts';
import type { OnnxGraph, WriteOptions } from '../graph/onnx/write.ts';
import type { ModelConfig } from '../nn/config.ts';
import { buildDecoder, listMatrices } from '../nn/build.ts';
import { exportedParts } from './export-graph.ts';
import { PRECISIONS, StoredWeights, type WeightPieces } from './precision.ts';

/** Weights beyond this lie in a file beside the model: a protocol buffer holds 2 GiB at most and is read whole. */
const EMBEDDED_LIMIT = 2 ** 28;
/** Where each weight begins in that file, so that ONNX Runtime can map it. */
const ALIGNMENT = 4096;

export interface WrittenOnnx { path: string; file: string; bytes: number; hasExternalData: boolean }

/**
 * Writes a model as new ONNX files into a folder, one for each of its parts.
 * @param weights  by name, asked for one after the other
 */
export async function writeOnnxFiles(
  folder: string, config: ModelConfig, precision: ExportPrecision, weights: WeightPieces,
): Promise<WrittenOnnx[]> {
  const { suffix, format } = PRECISIONS[precision];
  const decoder = buildDecoder(config, format);
  const written: WrittenOnnx[] = [];
  for (const { file, graph } of exportedParts(decoder)) {
    const stored = new StoredWeights(precision, weights, listMatrices(config), decoder.tables);
    written.push(await writeOnnxFile(folder, `${file}${suffix}.onnx`, (placement) => graph(decoder, placement), stored));
  }
  return written;
}

async function writeOnnxFile(
  folder: string, file: string, make: (weights: WriteOptions['weights']) => OnnxGraph, stored: StoredWeights,
): Promise<WrittenOnnx> {
  const path = join(folder, file);
  const side = new SideFile(`${file}_data`);
  const outside = make((name, shape, dtype) => side.reserve(name, sizeOf(shape) * DTYPES[dtype].bytes));
  if (side.size <= EMBEDDED_LIMIT) {
    const { bytes } = make((name) => Buffer.concat([...stored.bytes(name)]));
    await writeFile(path, bytes, { flag: 'wx' });
    return { path, file, bytes: bytes.length, hasExternalData: false };
  }
  await side.write(folder, outside.parameters.map(({ name }) => name), (name) => stored.bytes(name));
  await writeFile(path, outside.bytes, { flag: 'wx' });
  return { path, file, bytes: outside.bytes.length + side.size, hasExternalData: true };
}

/** Weights one after the other in a file of their own. */
class SideFile {
  size = 0;
  private readonly location: string;
  private readonly places = new Map<string, ExternalData>();

  constructor(location: string) {
    this.location = location;
  }

  reserve(name: string, length: number): ExternalData {
    const place = { location: this.location, offset: Math.ceil(this.size / ALIGNMENT) * ALIGNMENT, length };
    this.places.set(name, place);
    this.size = place.offset + length;
    return place;
  }

  async write(folder: string, names: readonly string[], bytes: (name: string) => Iterable<Uint8Array>): Promise<void> {
    const file: FileHandle = await open(join(folder, this.location), 'wx');
    try {
      for (const name of names) {
        let at = this.places.get(name)!.offset;
        for (const piece of bytes(name)) {
          await writeWhole(file, piece, at);
          at += piece.length;
        }
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

/** A single write may be cut short at 2 GiB. */
async function writeWhole(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at, Math.min(bytes.length - at, 2 ** 26), position + at)).bytesWritten;
}
