import type { TextPlan, TextWriter } from './text-writer.ts';

/** Opens a plan for each use, as the weights are then; once and for all where it stays right. */
export class LastingWriter {
  private readonly plan: TextPlan;
  private kept: Promise<TextWriter> | null = null;

  constructor(plan: TextPlan) {
    this.plan = plan;
  }

  async use<T>(work: (writer: TextWriter) => Promise<T>): Promise<T> {
    if (this.plan.isLasting) return work(await (this.kept ??= this.opened()));
    const writer = await this.plan.open();
    try {
      return await work(writer);
    } finally {
      await writer.release();
    }
  }

  async release(): Promise<void> {
    await (await this.kept)?.release();
  }

  /** Nothing is kept of what could not be opened: the next use tries again, and there is nothing to release. */
  private async opened(): Promise<TextWriter> {
    try {
      return await this.plan.open();
    } catch (error) {
      this.kept = null;
      throw error;
    }
  }
}
