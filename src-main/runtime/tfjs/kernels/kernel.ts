import { Problem } from '../../../contract/problem.ts';
import type { Tf, TfTensor } from '../library.ts';

/** Of a node, by name: whole numbers and floats alike, texts, and lists of whole numbers. */
export type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

/** A node that is run. */
export interface Call {
  readonly tf: Tf;
  readonly type: string;
  /** Null where an optional input is absent. */
  readonly inputs: readonly (TfTensor | null)[];
  readonly attributes: Attributes;
  /** What an input holds, where a kernel needs to know: shapes, axes, lengths. Empty where it is absent. */
  numbers(at: number): readonly number[];
}

/** Computes a node. What it makes besides its results is released by whoever calls it. */
export type Kernel = (call: Call) => TfTensor | readonly TfTensor[];
export type Kernels = Readonly<Record<string, Kernel>>;

/** An input that has to be there. */
export function input({ inputs, type }: Call, at: number): TfTensor {
  const tensor = inputs[at];
  if (!tensor) throw new Error(`the operator ${type} lacks its input ${at}`);
  return tensor;
}

export function number({ attributes }: Call, name: string, otherwise: number): number {
  const value = attributes[name];
  return typeof value === 'number' ? value : otherwise;
}

export const isSet = (call: Call, name: string): boolean => number(call, name, 0) !== 0;

/** An axis as counted from the front. */
export const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** A form of an operator that no kernel here is for. */
export function unknownForm({ type }: Pick<Call, 'type'>, form: string): Problem {
  return new Problem(`The device "tfjs" does not compute the operator ${type} ${form}.`, { hint: 'Choose the device "cpu", which computes every model.' });
}
