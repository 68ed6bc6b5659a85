import type { MlxType } from '../../contract/export-parts.ts';
import { decodeFloats, encodeFloats } from '../../model/float-formats.ts';
import type { TensorToWrite } from '../../model/safetensors-write.ts';
import type { ParameterSpec } from '../../nn/build.ts';
import { dequantizeAffine, GROUP, quantizeAffine, type Affine } from './affine.ts';

/** @param quantizable  names of the matrices and tables that modules of MLX hold which can be quantized */
const isPacked = ({ name, shape }: ParameterSpec, type: MlxType, quantizable: ReadonlySet<string>): boolean => (
  type === '4bit' && quantizable.has(name) && shape.at(-1)! % GROUP === 0);

/**
 * The tensors of an MLX folder, made one after the other as they are written.
 * @param weight  a weight's values, whole
 */
export function mlxTensors(parameters: readonly ParameterSpec[], type: MlxType, quantizable: ReadonlySet<string>, weight: (name: string) => Float32Array): TensorToWrite[] {
  return parameters.flatMap((parameter): TensorToWrite[] => {
    const { name, shape } = parameter;
    if (!isPacked(parameter, type, quantizable)) return [{ name, shape, data: weight(name) }];
    const [rows, width] = shape as [number, number];
    const stem = name.slice(0, -'.weight'.length);
    // The three are asked for one after the other.
    let made: Affine | null = null;
    const part = (of: keyof Affine): (() => Uint8Array) => () => {
      made ??= quantizeAffine(weight(name));
      const bytes = made[of];
      if (of === 'biases') made = null;
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    };
    return [
      { name, shape: [rows, width / 8], data: { dtype: 'U32', bytes: part('words') } },
      { name: `${stem}.scales`, shape: [rows, width / GROUP], data: { dtype: 'F16', bytes: part('scales') } },
      { name: `${stem}.biases`, shape: [rows, width / GROUP], data: { dtype: 'F16', bytes: part('biases') } },
    ];
  });
}

/** A weight as the folder gives it back. */
export function readBack(parameter: ParameterSpec, type: MlxType, quantizable: ReadonlySet<string>, values: Float32Array): Float32Array {
  if (isPacked(parameter, type, quantizable)) return dequantizeAffine(quantizeAffine(values));
  const rounded = new Float32Array(values.length);
  decodeFloats('F16', encodeFloats('F16', values), rounded);
  return rounded;
}
