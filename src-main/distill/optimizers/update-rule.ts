import type { Placement, Region } from '../../runtime/memory/layout.ts';
import type { UpdateKernel } from './kernel/kernel.ts';

/** A trained tensor: its name in the model folder and its shape. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface UpdateStep {
  /** Number of this update among those of the run, from 1. */
  readonly step: number;
  readonly learningRate: number;
  /** What every gradient is multiplied with before use: the share that clipping leaves, without what the loss was multiplied with. */
  readonly gradientScale: number;
}

/** A parameter, or a part of its rows, in memory, as an update rule sees it. */
export interface UpdateTarget {
  /** Works on the memory that holds it. */
  readonly kernel: UpdateKernel;
  readonly weights: Placement;
  readonly gradients: Placement;
  /** A region that the rule asked for. */
  state(region: string): Placement;
  /** The elements of a region. */
  read(place: Placement): Float32Array;
}

/** How weights follow from gradients. All that a rule remembers from step to step lies in its state regions. */
export interface UpdateRule {
  /**
   * What the rule keeps for a parameter or a part of its rows, zero at the start. Shapes are the rule's choice: moments like the parameter,
   * or factors of its rows and columns. Region names are those of the saved state (`<parameter>.<region>`).
   */
  stateRegions(parameter: Parameter): readonly Region[];
  /** Updates weights and state of a parameter, which lies in one or several parts, in place and leaves the gradients at zero. */
  update(parameter: Parameter, parts: readonly UpdateTarget[], step: UpdateStep): void;
}
