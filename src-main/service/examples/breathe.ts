/** Milliseconds a loop may hold its thread. */
const HELD_MS = 50;

/**
 * For long loops of a process that others talk to: called at every turn, lets it hear what it was told now and then.
 * The function throws the reason of `signal` once that is aborted.
 */
export function breather(signal: AbortSignal | undefined): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < HELD_MS) return;
    await new Promise((resolve) => { setImmediate(resolve); });
    signal?.throwIfAborted();
    last = performance.now();
  };
}
