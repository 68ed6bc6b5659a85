/**
 * About every k-th of a model's layers, spread evenly from its first to its last: the last layers shape the answer, and
 * pruning that drops them costs most.
 */
export function everyKth(layers: number, k: number): number[] {
  const kept = Math.ceil(layers / k);
  return Array.from({ length: kept }, (_, at) => (kept === 1 ? 0 : Math.round((at * (layers - 1)) / (kept - 1))));
}
