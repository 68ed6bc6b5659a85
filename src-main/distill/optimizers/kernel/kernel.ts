import { KERNEL_WASM } from './kernel-wasm.ts';

/** The functions of assembly/ over one memory. Addresses and `bytes` in bytes, scalars rounded to float32. */
export interface UpdateKernel {
  adamw(
    weights: number, gradients: number, firstMoments: number, secondMoments: number, bytes: number,
    gradientScale: number, decay: number, beta1Complement: number, beta2: number, beta2Complement: number,
    rootScale: number, epsilon: number, stepSize: number,
  ): void;
  /** With moments in bfloat16, rounded by chance. */
  adamwHalf(
    weights: number, gradients: number, firstMoments: number, secondMoments: number, bytes: number,
    gradientScale: number, decay: number, beta1Complement: number, beta2: number, beta2Complement: number,
    rootScale: number, epsilon: number, stepSize: number, seed: number,
  ): void;
  adafactorMoments(
    gradients: number, rows: number, columns: number, rowMoments: number, columnMoments: number,
    gradientScale: number, epsilon: number, decay: number,
  ): void;
  adafactorSquares(
    gradients: number, rows: number, columns: number, rowMoments: number, columnMoments: number, gradientScale: number, rowMean: number,
  ): number;
  adafactorUpdate(
    weights: number, gradients: number, rows: number, columns: number, rowMoments: number, columnMoments: number,
    gradientScale: number, rowMean: number, kept: number, size: number,
  ): void;
  sumOfSquares(x: number, bytes: number): number;
  add(target: number, source: number, count: number): void;
  roundHalf(from: number, to: number, count: number): void;
  roundQ8_0: RoundMatrix;
  roundQ4_0: RoundMatrix;
  roundInt8: RoundMatrix;
  roundInt4: RoundMatrix;
}

type RoundMatrix = (from: number, to: number, outputs: number, inputs: number, ofOutput: number, ofInput: number) => void;

let module: WebAssembly.Module | undefined;

export function createKernel(memory: WebAssembly.Memory): UpdateKernel {
  module ??= new WebAssembly.Module(Buffer.from(KERNEL_WASM, 'base64'));
  // The exports of a module that we compile ourselves; compile.ts and its test keep both sides together.
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as UpdateKernel;
}
