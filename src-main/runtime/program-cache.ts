import type { Program } from './program.ts';

/** Programs by the shape they were compiled for; the ones used longest ago are let go. */
export class ProgramCache<Compiled extends { program: Program }> {
  private readonly programs = new Map<string, Promise<Compiled>>();
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  async get(key: string, compile: () => Promise<Compiled>): Promise<Compiled> {
    const found = this.programs.get(key) ?? compile();
    // A map remembers the order of insertion: what is used moves to the end.
    this.programs.delete(key);
    this.programs.set(key, found);
    if (this.programs.size > this.limit) {
      const [oldest] = this.programs;
      this.programs.delete(oldest![0]);
      await (await oldest![1]).program.release();
    }
    return found;
  }

  async release(): Promise<void> {
    const all = await Promise.allSettled(this.programs.values());
    this.programs.clear();
    for (const result of all) if (result.status === 'fulfilled') await result.value.program.release();
  }
}
