import type { Program } from './program.ts';

/** Programs by the shape they were compiled for; the ones used longest ago are let go. */
export class ProgramCache<Compiled extends { program: Program }> {
  private readonly programs = new Map<string, Promise<Compiled>>();
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** @throws what `compile` does; then nothing is kept, and the next one who asks tries again */
  async get(key: string, compile: () => Promise<Compiled>): Promise<Compiled> {
    const found = this.programs.get(key) ?? compile();
    // A map remembers the order of insertion: what is used moves to the end.
    this.programs.delete(key);
    this.programs.set(key, found);
    if (this.programs.size > this.limit) {
      const [oldest] = this.programs;
      this.programs.delete(oldest![0]);
      await letGo([oldest![1]]);
    }
    try {
      return await found;
    } catch (error) {
      if (this.programs.get(key) === found) this.programs.delete(key);
      throw error;
    }
  }

  async release(): Promise<void> {
    const all = [...this.programs.values()];
    this.programs.clear();
    await letGo(all);
  }
}

/** Releases those that were made; whoever asked for one that was not has been told. */
async function letGo(programs: readonly Promise<{ program: Program }>[]): Promise<void> {
  for (const result of await Promise.allSettled(programs)) if (result.status === 'fulfilled') await result.value.program.release();
}
