import type { ExportPrecision as Precision } from '../contract/export-report.ts';
import { encodeFloats } from '../model/float-formats.ts';
import { EXACT } from '../nn/weights/exact.ts';
import { HALF, halfName } from '../nn/weights/half.ts';
import { INT4 } from '../nn/weights/int4.ts';
import { INT8, integersName, scalesName } from '../nn/weights/int8.ts';
import type { Matrix, Table, WeightFormat } from '../nn/weights/weight-format.ts';
import { quantizeInt4, quantizeInt8, type QuantizedMatrix } from '../nn/weights/quantize.ts';

interface PrecisionRules {
  /** What transformers.js puts behind the names of the files under `onnx/`. */
  suffix: string;
  format: WeightFormat;
  quantize: ((weights: Float32Array, matrix: Matrix) => QuantizedMatrix) | null;
}

export const PRECISIONS: Readonly<Record<Precision, PrecisionRules>> = {
  fp32: { suffix: '', format: EXACT, quantize: null },
  fp16: { suffix: '_fp16', format: HALF, quantize: null },
  int8: { suffix: '_quantized', format: INT8, quantize: quantizeInt8 },
  int4: { suffix: '_q4', format: INT4, quantize: quantizeInt4 },
};

type Bytes = Uint8Array | Float32Array;

/** The weights of a model as a precision's graph names them. */
export class StoredWeights {
  private readonly precision: Precision;
  private readonly weights: (name: string) => Float32Array;
  private readonly matrices: ReadonlyMap<string, Matrix>;
  /** Parameters of the graph, and the weight each is made from. */
  private readonly half = new Map<string, string>();
  private readonly quantized = new Map<string, string>();
  private readonly made = new Map<string, Bytes>();

  constructor(precision: Precision, weights: (name: string) => Float32Array, matrices: readonly Matrix[], tables: readonly Table[]) {
    this.precision = precision;
    this.weights = weights;
    this.matrices = new Map(matrices.map((matrix) => [matrix.name, matrix]));
    for (const { name } of [...matrices, ...tables]) this.half.set(halfName(name), name);
    for (const { name } of matrices) {
      this.quantized.set(integersName(name), name);
      this.quantized.set(scalesName(name), name);
    }
  }

  /** The bytes of a graph's parameter; each is asked for once. */
  bytes(parameter: string): Uint8Array {
    const half = this.half.get(parameter);
    if (half !== undefined) return encodeFloats('F16', this.weights(half));
    const matrix = this.quantized.get(parameter);
    if (matrix !== undefined) return raw(this.integers(parameter, this.matrices.get(matrix)!));
    return raw(this.weights(parameter));
  }

  private integers(parameter: string, matrix: Matrix): Bytes {
    const known = this.made.get(parameter);
    if (known) {
      this.made.delete(parameter);
      return known;
    }
    const { integers, scales } = PRECISIONS[this.precision].quantize!(this.weights(matrix.name), matrix);
    const isScales = parameter === scalesName(matrix.name);
    // The other half of the pair is asked for next.
    this.made.set(isScales ? integersName(matrix.name) : scalesName(matrix.name), isScales ? integers : scales);
    return isScales ? scales : integers;
  }
}

function raw(data: Bytes): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
