import type { ExportPrecision as Precision } from '../contract/export-report.ts';
import { encodeFloats } from '../model/float-formats.ts';
import { EXACT } from '../nn/weights/exact.ts';
import { HALF, halfName } from '../nn/weights/half.ts';
import { INT4 } from '../nn/weights/int4.ts';
import { INT4_HALF } from '../nn/weights/int4-half.ts';
import { INT8, integersName, scalesName } from '../nn/weights/int8.ts';
import { sides, type Matrix, type Table, type WeightFormat } from '../nn/weights/weight-format.ts';
import { int4Quantizer, int8Quantizer, type QuantizedMatrix, type Quantizer } from '../nn/weights/quantize.ts';

interface PrecisionRules {
  /** What transformers.js puts behind the names of the files under `onnx/`. */
  suffix: string;
  format: WeightFormat;
  quantizer: ((matrix: Matrix) => Quantizer) | null;
}

export const PRECISIONS: Readonly<Record<Precision, PrecisionRules>> = {
  fp32: { suffix: '', format: EXACT, quantizer: null },
  fp16: { suffix: '_fp16', format: HALF, quantizer: null },
  int8: { suffix: '_quantized', format: INT8, quantizer: int8Quantizer },
  int4: { suffix: '_q4', format: INT4, quantizer: int4Quantizer },
  q4f16: { suffix: '_q4f16', format: INT4_HALF, quantizer: int4Quantizer },
};

/** A weight's float32 values, piece by piece in whole rows. */
export type WeightPieces = (name: string) => readonly Float32Array[];

/** The weights of a model as a precision's graph names them. */
export class StoredWeights {
  private readonly precision: Precision;
  private readonly weights: WeightPieces;
  private readonly matrices: ReadonlyMap<string, Matrix>;
  /** Parameters of the graph, and the weight each is made from. */
  private readonly half = new Map<string, string>();
  private readonly quantized = new Map<string, string>();
  /** Of which one half was given. */
  private readonly made = new Map<string, QuantizedMatrix>();

  constructor(precision: Precision, weights: WeightPieces, matrices: readonly Matrix[], tables: readonly Table[]) {
    this.precision = precision;
    this.weights = weights;
    this.matrices = new Map(matrices.map((matrix) => [matrix.name, matrix]));
    for (const { name } of [...matrices, ...tables]) this.half.set(halfName(name), name);
    for (const { name } of matrices) {
      this.quantized.set(integersName(name), name);
      this.quantized.set(scalesName(name), name);
      this.quantized.set(halfName(scalesName(name)), name);
    }
  }

  /** The bytes of a graph's parameter, piece by piece; each is asked for once. */
  * bytes(parameter: string): Generator<Uint8Array> {
    const half = this.half.get(parameter);
    const matrix = this.quantized.get(parameter);
    if (matrix !== undefined) yield this.integers(parameter, this.matrices.get(matrix)!);
    else for (const piece of this.weights(half ?? parameter)) yield half === undefined ? raw(piece) : encodeFloats('F16', piece);
  }

  private integers(parameter: string, matrix: Matrix): Uint8Array {
    const isScales = parameter !== integersName(matrix.name);
    const kept = this.made.get(matrix.name);
    const { integers, scales } = kept ?? this.quantize(matrix);
    // The other half of the pair is asked for next.
    if (kept) this.made.delete(matrix.name);
    else this.made.set(matrix.name, { integers, scales });
    if (!isScales) return integers;
    return parameter === scalesName(matrix.name) ? raw(scales) : encodeFloats('F16', scales);
  }

  private quantize(matrix: Matrix): QuantizedMatrix {
    const quantizer = PRECISIONS[this.precision].quantizer!(matrix);
    const pieces = this.weights(matrix.name);
    const { inputs } = sides(matrix);
    // Rows that are inputs hold something of every output.
    if (matrix.layout === 'in-out' && pieces.length > 1) quantizer.add(joined(pieces), 0);
    else pieces.reduce((first, piece) => {
      quantizer.add(piece, first);
      return first + piece.length / inputs;
    }, 0);
    return quantizer.result;
  }
}

function joined(pieces: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  pieces.reduce((at, piece) => {
    whole.set(piece, at);
    return at + piece.length;
  }, 0);
  return whole;
}

function raw(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
