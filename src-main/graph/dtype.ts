/** Element types of values, by the names ONNX Runtime's JavaScript interface uses. */
export type DType = 'float32' | 'float16' | 'bfloat16' | 'int32' | 'int64' | 'bool' | 'uint8' | 'int8';

interface DTypeInfo {
  /** `TensorProto.DataType` of the ONNX schema. */
  readonly code: number;
  readonly bytes: number;
}

export const DTYPES: Readonly<Record<DType, DTypeInfo>> = {
  float32: { code: 1, bytes: 4 },
  uint8: { code: 2, bytes: 1 },
  int8: { code: 3, bytes: 1 },
  int32: { code: 6, bytes: 4 },
  int64: { code: 7, bytes: 8 },
  bool: { code: 9, bytes: 1 },
  float16: { code: 10, bytes: 2 },
  bfloat16: { code: 16, bytes: 2 },
};
