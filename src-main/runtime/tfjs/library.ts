/** Element types that TensorFlow.js has. */
export type TfType = 'float32' | 'int32' | 'bool';

export interface TfTensor {
  readonly shape: readonly number[];
  readonly dtype: TfType;
  readonly rank: number;
  readonly isDisposed: boolean;
  /** A copy, once what computes it is done. */
  dataSync(): Float32Array | Int32Array | Uint8Array;
  /** The same numbers under another name, each released by itself. */
  clone(): TfTensor;
  dispose(): void;
}

type Unary = (x: TfTensor) => TfTensor;
type Binary = (a: TfTensor, b: TfTensor) => TfTensor;
type Reduction = (x: TfTensor, axes: readonly number[], keepDims: boolean) => TfTensor;
type Shape = readonly number[];

export type UnaryName = 'neg' | 'exp' | 'log' | 'sqrt' | 'reciprocal' | 'abs' | 'sign' | 'floor' | 'sigmoid' | 'softplus' | 'tanh' | 'erf' | 'relu' | 'square' | 'rsqrt';
export type BinaryName = 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum' | 'equal' | 'less' | 'lessEqual' | 'greater' | 'greaterEqual' | 'logicalAnd';
export type ReductionName = 'sum' | 'mean' | 'max';

/** What is used of TensorFlow.js, an optional package that need not be installed. */
export interface Tf extends Readonly<Record<UnaryName, Unary>>, Readonly<Record<BinaryName, Binary>>, Readonly<Record<ReductionName, Reduction>> {
  /** The tensor may keep `data` as its own memory. */
  tensor(data: Float32Array | Int32Array | Uint8Array, shape: Shape, type: TfType): TfTensor;
  scalar(value: number, type?: TfType): TfTensor;
  fill(shape: Shape, value: number, type: TfType): TfTensor;
  range(start: number, stop: number, step: number, type: TfType): TfTensor;
  /** Releases what `work` makes and does not return. */
  tidy<T extends TfTensor | readonly TfTensor[]>(work: () => T): T;
  readonly version: { readonly tfjs: string };
  backend(): { readonly isUsingGpuDevice: boolean };
  memory(): { readonly numTensors: number };
  cast(x: TfTensor, type: TfType): TfTensor;
  where(condition: TfTensor, yes: TfTensor, no: TfTensor): TfTensor;
  matMul(a: TfTensor, b: TfTensor, transA: boolean, transB: boolean): TfTensor;
  argMax(x: TfTensor, axis: number): TfTensor;
  softmax: Unary;
  logSoftmax: Unary;
  topk(x: TfTensor, count: number): { readonly values: TfTensor; readonly indices: TfTensor };
  cumsum(x: TfTensor, axis: number): TfTensor;
  reshape(x: TfTensor, shape: Shape): TfTensor;
  transpose(x: TfTensor, order: readonly number[]): TfTensor;
  concat(inputs: readonly TfTensor[], axis: number): TfTensor;
  split(x: TfTensor, sizes: readonly number[], axis: number): TfTensor[];
  slice(x: TfTensor, begin: readonly number[], size: readonly number[]): TfTensor;
  pad(x: TfTensor, sizes: readonly (readonly [number, number])[]): TfTensor;
  broadcastTo(x: TfTensor, shape: Shape): TfTensor;
  gather(x: TfTensor, indices: TfTensor, axis: number, batchDims: number): TfTensor;
  gatherND(x: TfTensor, indices: TfTensor): TfTensor;
  scatterND(indices: TfTensor, updates: TfTensor, shape: Shape): TfTensor;
  tensorScatterUpdate(x: TfTensor, indices: TfTensor, updates: TfTensor): TfTensor;
  unsortedSegmentSum(x: TfTensor, ids: TfTensor, count: number): TfTensor;
}
