import { permutation, type Purpose } from '../contract/random.ts';

/**
 * Examples of a step's batch (steps from 1). Epochs follow each other without a gap: a batch may end one and begin
 * the next. A function of its arguments alone, so that a resumed run visits what an uninterrupted one would.
 */
export function batchIndices(step: number, batchSize: number, count: number, seed: number, isShuffled: boolean): number[] {
  const first = (step - 1) * batchSize;
  return Array.from({ length: batchSize }, (_, at) => {
    const visit = first + at;
    const place = visit % count;
    return isShuffled ? epochOrder(count, seed, Math.floor(visit / count))[place]! : place;
  });
}

/**
 * The share of examples that a run uses, in their old order; which ones is the seed's choice. A smaller share of the
 * same seed is part of a larger one.
 */
export function chooseSubset(count: number, fraction: number, seed: number): number[] {
  return divide(count, Math.max(1, Math.round(count * fraction)), seed, 'subset').first;
}

/** Holds a share of the examples out, both parts in their old order; which ones is the seed's choice. Neither part is empty. */
export function splitValidation(count: number, share: number, seed: number): { train: number[]; validation: number[] } {
  const size = Math.min(count - 1, Math.max(1, Math.round(count * share)));
  const { first, rest } = divide(count, size, seed, 'split');
  return { train: rest, validation: first };
}

function divide(count: number, size: number, seed: number, purpose: Purpose): { first: number[]; rest: number[] } {
  const order = permutation(count, seed, { purpose });
  return { first: [...order.subarray(0, size).sort()], rest: [...order.subarray(size).sort()] };
}

/** The orders in use: a batch touches two epochs at most. */
const remembered = new Map<string, Uint32Array>();

function epochOrder(count: number, seed: number, epoch: number): Uint32Array {
  const key = `${count} ${seed} ${epoch}`;
  const known = remembered.get(key);
  if (known) return known;
  const order = permutation(count, seed, { purpose: 'shuffle', step: epoch });
  remembered.set(key, order);
  for (const oldest of remembered.keys()) {
    if (remembered.size <= 2) break;
    remembered.delete(oldest);
  }
  return order;
}
