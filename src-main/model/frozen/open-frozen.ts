import { readFully, withFile } from '../../files/file-bytes.ts';
import { Problem } from '../../contract/problem.ts';
import { DTYPES } from '../../graph/dtype.ts';
import { sizeOf } from '../../graph/shape.ts';
import { buildDecoder, IN_MEMORY, type ParameterSpec } from '../../nn/build.ts';
import type { Decoder } from '../../nn/decoder.ts';
import { byName } from '../../nn/weights/by-name.ts';
import { EXACT_INT8 } from '../../nn/weights/exact-integers.ts';
import { columnsName, EXACT_INT4, INT4, INT4_BLOCK, SIGNED_INT4 } from '../../nn/weights/int4.ts';
import { INT8, integersName, scalesName, SIGNED_INT8 } from '../../nn/weights/int8.ts';
import { inRows } from '../../nn/weights/in-rows.ts';
import { int4Columns, int4Quantizer, int8Quantizer, withSigns, type QuantizedMatrix } from '../../nn/weights/quantize.ts';
import { canPack, packed } from '../../nn/weights/packed.ts';
import { rowsOf } from '../../nn/weights/rows.ts';
import { stored, storedViews } from '../../nn/weights/stored.ts';
import type { StoredLayout } from '../../nn/weights/stored-layout.ts';
import { sides, type ConstantFormat, type Matrix, type WeightFormat } from '../../nn/weights/weight-format.ts';
import { isOnDevice, type DeviceMemory, type DeviceTensor } from '../../runtime/device/device-memory.ts';
import { PassingBytes } from '../../runtime/memory/passing-bytes.ts';
import { MappedFile } from '../../runtime/mapping/mapped-file.ts';
import { float32, hostTensor, tensorOf, type StoredTensor } from '../../runtime/tensor.ts';
import type { PlacedWeights } from '../../runtime/weights.ts';
import { encodeFloats } from '../float-formats.ts';
import type { ModelFiles, WeightPlace } from '../model-files.ts';
import { refuseInfiniteFile } from './finite-file.ts';
import { isSame, keptWeights, type KeepSettings, type Kept, type KeptWeight } from './kept.ts';
import { int4Blocks, int8Blocks, ownLayout } from './own-blocks.ts';
import { copyOverlap, fillRows, slabs } from '../pieces.ts';

/** A model that is not trained, ready to compute. */
export interface FrozenWeights {
  readonly decoder: Decoder;
  /** How the decoder computes with the weights. */
  readonly format: WeightFormat;
  readonly weights: PlacedWeights;
  /** Gives back what of a device's memory they take; nothing computes with them afterwards. */
  release(): void;
}

export interface OpenSettings extends KeepSettings {
  /** Where the weights shall lie; null or left out for memory of the host. */
  readonly memory?: DeviceMemory | null;
}

/**
 * Opens a model's weights in a precision. No more than one matrix is ever there in float32 beside those that are kept so, and
 * of a model that lies on a device no more than one weight is on the host.
 * @param wanted  the weights that are opened, of `parameters`: all, or those of its head
 */
export async function openFrozen(
  files: ModelFiles, parameters: readonly ParameterSpec[], settings: OpenSettings, wanted: readonly ParameterSpec[] = parameters,
): Promise<FrozenWeights> {
  files.checkWeights(parameters);
  const kept = keptWeights(files, parameters, settings);
  const opener = new WeightOpener(files, settings.memory ?? null);
  const names = new Set(wanted.map(({ name }) => name));
  try {
    for (const weight of kept) if (names.has(weight.name)) await opener.open(weight);
  } catch (error) {
    opener.release();
    throw error;
  }
  const format = formatOf(kept);
  return { format, decoder: buildDecoder(files.config, format), weights: opener.weights, release: () => { opener.release(); } };
}

/** How a graph computes with what is kept. */
export function formatOf(kept: readonly KeptWeight[]): WeightFormat {
  const formats = (choose: (weight: KeptWeight) => Kept | null): ((name: string) => WeightFormat) => {
    const found = new Map(kept.flatMap((weight) => {
      const way = choose(weight);
      return way ? [[weight.name, formatFor(way, weight.matrix)] as const] : [];
    }));
    return (name) => found.get(name)!;
  };
  const format = byName(formats(({ product }) => product), formats(({ other }) => other));
  const packs = packsOf(kept);
  if (packs.size === 0) return format;
  const constant: ConstantFormat = {
    packs, lookUp: format.lookUp,
    multiply: (x, matrix) => {
      const layout = packs.get(matrix.name);
      return (layout ? packed(layout) : format).multiply(x, matrix);
    },
  };
  return { ...format, constant };
}

/** Matrices that a session which keeps them as constants has in another form than the file. */
export function packsOf(kept: readonly KeptWeight[]): ReadonlyMap<string, StoredLayout> {
  return new Map(kept.flatMap(({ name, matrix, product }) => {
    const layout = product?.as === 'blocks' ? ownLayout(product.of, matrix!) : product?.as === 'stored' && !isPlain(product.place) ? layoutOf(product.place, matrix) : null;
    return layout && canPack(layout) ? [[name, layout] as const] : [];
  }));
}

function formatFor(kept: Kept, matrix: Matrix | null): WeightFormat {
  switch (kept.as) {
    case 'float32': return IN_MEMORY;
    case 'float16': return HALVES;
    case 'int8': return kept.isExact ? EXACT_INT8 : kept.isSigned ? SIGNED_INT8 : INT8;
    case 'int4': return kept.isExact ? EXACT_INT4 : kept.isSigned ? SIGNED_INT4 : INT4;
    case 'blocks': return stored(ownLayout(kept.of, matrix!));
    case 'stored': return isPlain(kept.place) ? IN_MEMORY : stored(layoutOf(kept.place, matrix));
  }
}

/** Float16 that was made here, by the weight's own name. */
const HALVES: WeightFormat = inRows({
  multiply: (x, matrix) => stored(halfLayout(matrix.shape, matrix.layout)).multiply(x, matrix),
  lookUp: (ids, table) => stored(halfLayout(table.shape, 'out-in')).lookUp(ids, table),
});

const halfLayout = ([rows, width]: readonly [number, number], layout: Matrix['layout']): StoredLayout => (
  { encoding: 'F16', rows, width, of: layout === 'out-in' ? 'outputs' : 'inputs', pairedHeads: null, joinedHeads: null });

const layoutOf = ({ encoding, rows, width, isTurned, pairedHeads, joinedHeads }: WeightPlace, matrix: Matrix | null): StoredLayout => (
  { encoding, rows, width, pairedHeads, joinedHeads, of: matrix?.layout === 'in-out' && !isTurned ? 'inputs' : 'outputs' });

/** Whether it lies as IN_MEMORY has it. */
const isPlain = ({ encoding, isTurned, pairedHeads, joinedHeads }: WeightPlace): boolean => encoding === 'F32' && !isTurned && pairedHeads === null && joinedHeads === null;

class WeightOpener {
  readonly weights: Record<string, StoredTensor | DeviceTensor> = {};
  private readonly files: ModelFiles;
  private readonly memory: DeviceMemory | null;
  private readonly mapped = new Map<string, MappedFile | null>();
  /** What is read into on the way to a device. */
  private readonly passing = new PassingBytes();
  private readonly placed: DeviceTensor[] = [];

  constructor(files: ModelFiles, memory: DeviceMemory | null) {
    this.files = files;
    this.memory = memory;
  }

  async open({ matrix, product, other, ...spec }: KeptWeight): Promise<void> {
    for (const kept of [product, other && !(product && isSame(product, other)) ? other : null]) {
      if (!kept) continue;
      await this.keep(spec, matrix, kept);
      if (this.memory) this.place(this.memory);
    }
  }

  release(): void {
    for (const tensor of this.placed.splice(0)) tensor.memory.release(tensor);
  }

  /** Brings what has been read to the device, and gives back where it was read into. */
  private place(memory: DeviceMemory): void {
    for (const [name, tensor] of Object.entries(this.weights)) {
      if (isOnDevice<StoredTensor>(tensor)) continue;
      const { dtype, shape, data } = hostTensor(tensor);
      const there = memory.make(dtype, shape);
      this.placed.push(there);
      memory.write(there, data);
      this.weights[name] = there;
    }
    this.passing.release();
  }

  private room(bytes: number): Uint8Array {
    return this.memory ? this.passing.take(bytes) : new Uint8Array(bytes);
  }

  private async keep(spec: ParameterSpec, matrix: Matrix | null, kept: Kept): Promise<void> {
    switch (kept.as) {
      case 'float32': return this.floats(spec);
      case 'float16': return this.halves(spec);
      case 'int8':
      case 'int4': return this.integers(matrix!, kept);
      case 'blocks': return this.blocks(matrix!, kept.of);
      case 'stored': return this.asStored(spec, matrix, kept.place);
    }
  }

  private floats(spec: ParameterSpec): Promise<void> {
    return fillRows(spec, this.files.pieces(spec.name), (name, shape) => {
      const { buffer, byteOffset } = this.room(DTYPES.float32.bytes * sizeOf(shape));
      const data = new Float32Array(buffer, byteOffset, sizeOf(shape));
      this.weights[name] = float32(data, shape);
      return data;
    });
  }

  private async halves(spec: ParameterSpec): Promise<void> {
    const parts = rowsOf(spec).map(({ name, shape, start }) => {
      const [rows, width] = shape as [number, number];
      const bytes = this.room(2 * rows * width);
      this.weights[name] = tensorOf('float16', shape, bytes);
      return { bytes, start: 2 * start * width };
    });
    const [rows, width] = spec.shape as [number, number];
    for await (const { first, data } of slabs(this.files.pieces(spec.name), rows, width)) {
      const halves = encodeFloats('F16', data);
      for (const { bytes, start } of parts) copyOverlap(bytes, start, halves, 2 * first * width);
    }
  }

  private async integers(matrix: Matrix, { as, isSigned }: Extract<Kept, { as: 'int8' | 'int4' }>): Promise<void> {
    const { integers, scales } = await this.quantized(matrix, as);
    const isByte = as === 'int8' && isSigned;
    this.weights[integersName(matrix.name)] = tensorOf(isByte ? 'int8' : 'uint8', integerShape(matrix, as), isByte ? withSigns(integers) : integers);
    if (as === 'int4' && isSigned) this.weights[columnsName(matrix.name)] = float32(int4Columns(scales, sides(matrix).outputs), [sides(matrix).outputs]);
    this.weights[scalesName(matrix.name)] = float32(scales, [scales.length]);
  }

  private async blocks(matrix: Matrix, as: 'int8' | 'int4'): Promise<void> {
    const layout = ownLayout(as, matrix);
    const bytes = (as === 'int8' ? int8Blocks : int4Blocks)(await this.quantized(matrix, as), layout);
    for (const { name, dtype, shape } of storedViews(matrix.name, layout)) this.weights[name] = tensorOf(dtype, shape, bytes);
  }

  private async quantized(matrix: Matrix, as: 'int8' | 'int4'): Promise<QuantizedMatrix> {
    const quantizer = as === 'int8' ? int8Quantizer(matrix) : int4Quantizer(matrix);
    const [rows, width] = matrix.shape;
    if (matrix.layout === 'in-out') {
      // Every row has a part of every output.
      const whole = new Float32Array(rows * width);
      for await (const { first, data } of slabs(this.files.pieces(matrix.name), rows, width)) whole.set(data, first * width);
      quantizer.add(whole, 0);
    } else {
      for await (const { first, data } of slabs(this.files.pieces(matrix.name), rows, width)) quantizer.add(data, first);
    }
    return quantizer.result;
  }

  private async asStored({ name, shape }: ParameterSpec, matrix: Matrix | null, place: WeightPlace): Promise<void> {
    await refuseInfiniteFile(place, name);
    const parts = isPlain(place)
      ? rowsOf({ name, shape }).map((part) => ({ name: part.name, dtype: 'float32' as const, shape: part.shape, from: 4 * part.start * place.width }))
      : storedViews(name, layoutOf(place, matrix)).map((view) => ({ ...view, from: 0 }));
    const file = this.mapping(place.path);
    const copy = file && parts.every(({ dtype }) => place.offset % DTYPES[dtype].bytes === 0) ? null : await bytesAt(place);
    for (const { name: part, dtype, shape: size, from } of parts) {
      const bytes = size.reduce((product, dim) => product * dim, DTYPES[dtype].bytes);
      this.weights[part] = copy ? tensorOf(dtype, size, copy.subarray(from, from + bytes)) : { dtype, shape: size, mapped: file!.range(place.offset + from, bytes) };
    }
  }

  private mapping(path: string): MappedFile | null {
    if (!this.mapped.has(path)) this.mapped.set(path, MappedFile.open(path));
    return this.mapped.get(path)!;
  }
}

function integerShape(matrix: Matrix, as: 'int8' | 'int4'): readonly number[] {
  const { inputs, outputs } = sides(matrix);
  return as === 'int8' ? [inputs, outputs] : [outputs, Math.ceil(inputs / INT4_BLOCK), INT4_BLOCK / 2];
}


/** Where the file cannot be mapped, or lies askew in memory: a copy. */
async function bytesAt({ path, offset, bytes }: WeightPlace): Promise<Uint8Array> {
  const copy = new Uint8Array(bytes);
  await withFile(path, (file) => readFully(file, copy, offset, () => new Problem(`${path} became shorter while it was read`, { hint: 'Copy or download the file again.' })));
  return copy;
}
