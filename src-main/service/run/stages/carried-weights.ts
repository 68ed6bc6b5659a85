import type { Updates } from '../../../distill/optimizers/updates.ts';

/** Trained weights in memory on their way from one stage to the next, by tensor. */
export type CarriedWeights = ReadonlyMap<string, Float32Array>;

/** Copies what an optimizer has trained, so that it may go. */
export function carry(optimizer: Updates): CarriedWeights {
  return new Map(optimizer.tensors.map(({ name }) => [name, optimizer.read(name).slice()]));
}
