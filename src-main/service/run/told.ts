import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Evaluation, StepMetrics } from '../../contract/events.ts';

/** Kept with a checkpoint: more than a history can be behind, which writes several times a second. */
const STEPS = 500;
const EVALUATIONS = 4;

const FILE = 'told.json';

/**
 * What a run has told of late. A program that is killed takes with it what it had heard and not yet written down; a
 * checkpoint may be newer than that, so it brings the last measurements along, and a resumed run tells them again.
 */
export class Told {
  private steps: StepMetrics[] = [];
  private evaluations: Evaluation[] = [];

  step(metrics: StepMetrics): void {
    // JSON has no word for them.
    if (Object.values(metrics).some((value) => typeof value === 'number' && !Number.isFinite(value))) return;
    this.steps.push(metrics);
    if (this.steps.length >= 2 * STEPS) this.steps = this.steps.slice(-STEPS);
  }

  evaluation(evaluation: Evaluation): void {
    this.evaluations = [...this.evaluations, evaluation].slice(-EVALUATIONS);
  }

  async write(checkpoint: string): Promise<void> {
    await writeFile(join(checkpoint, FILE), JSON.stringify({ steps: this.steps.slice(-STEPS), evaluations: this.evaluations }));
  }

  /** Takes up what a checkpoint brought; nothing where it has none. */
  async read(checkpoint: string): Promise<{ steps: StepMetrics[]; evaluations: Evaluation[] }> {
    const text = await readFile(join(checkpoint, FILE), 'utf8').catch(() => null);
    if (text !== null) {
      const { steps, evaluations } = JSON.parse(text) as { steps: StepMetrics[]; evaluations: Evaluation[] };
      this.steps = steps;
      this.evaluations = evaluations;
    }
    return { steps: this.steps, evaluations: this.evaluations };
  }
}
