import type { PlannedTensor } from '../../model/gguf/plan.ts';

/** A tensor of the file, and the weight or the rows of it that it is made from. */
export interface TensorToMake extends Omit<PlannedTensor, 'source'> {
  /** Name in the file. */
  readonly target: string;
  /** Rows of the weight; all where it is left out. */
  readonly rows?: readonly [from: number, to: number];
}
