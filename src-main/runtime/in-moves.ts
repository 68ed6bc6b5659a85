/** What is let go when it is done with. */
export interface Held { release(): void | Promise<void> }

/**
 * Opens what takes several moves. Where one of them fails, all that `keep` was given by those before it is released, the last
 * first: nobody else knows of it, and a device would have less room for as long as its process lives.
 */
export async function inMoves<T>(open: (keep: <H extends Held | null>(held: H) => H) => Promise<T>): Promise<T> {
  const kept: Held[] = [];
  try {
    return await open((held) => {
      if (held) kept.push(held);
      return held;
    });
  } catch (error) {
    await releaseAll(kept.reverse()).catch(() => undefined);
    throw error;
  }
}

/** Each of them in turn, also where one before it cannot be. @throws what the first of those said */
export async function releaseAll(held: readonly Held[]): Promise<void> {
  const failures: unknown[] = [];
  for (const each of held) {
    try {
      await each.release();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
