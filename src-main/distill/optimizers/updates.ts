export interface Update {
  /** Its number among those of the run that have changed something, from 1. */
  readonly step: number;
  readonly learningRate: number;
  /** As in a recipe; 0 for none. */
  readonly clipNorm: number;
  /** What the gradients have been multiplied with; 1 if left out. */
  readonly lossScale?: number;
}

/** What changes weights by their gradients, and remembers what it needs for that. */
export interface Updates {
  /** What is trained: every parameter, or the parts of its rows. */
  readonly tensors: readonly { readonly name: string }[];
  /**
   * Clips the gradients, updates every weight and forgets the gradients. Where one of these is no number nothing else
   * happens: what that means is up to the caller.
   * @returns the norm of all gradients before, not finite where one of them is not
   */
  apply(update: Update): Promise<number>;
  /** A tensor's weights as they are now, to be read before the next update. */
  read(tensor: string): Float32Array;
  /** What a checkpoint holds besides the weights; each tensor is read when its data are asked for. */
  state(): readonly StateTensor[];
  /** Takes back what `state` gave, here or elsewhere. @throws Problem where a tensor is missing or has another shape */
  loadState(saved: ReadonlyMap<string, Omit<StateTensor, 'name'>>): void;
}

/** A tensor of the saved state. */
export interface StateTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** A view of the live one, to be written or copied before the next update; of one in bfloat16 a copy, made when it is asked for. */
  readonly data: Float32Array;
}
