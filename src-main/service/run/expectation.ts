import type { Outcome } from '../../contract/forecast.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { peakMemory } from '../../runtime/peak-memory.ts';
import { evaluationsAfter } from './run-time.ts';
import type { PreparedStage, PreparedStages } from './stages/prepare-stages.ts';

/** Steps after which a run knows its pace. The first is left out: it compiles what the others use. */
const SEEN = 4;

type Whole = Pick<PreparedStages, 'memory' | 'steps'> & { stages: readonly Pick<PreparedStage, 'first' | 'steps'>[] };

/** What a run expects to take, and what it took in the end. */
export class Expectation {
  private readonly whole: Whole;
  private readonly recipe: Recipe;
  private readonly begun: number;
  private readonly seen: number[] = [];
  private evaluationMs = 0;
  private timeMs: number | null = null;

  /** @param begun  when it began, as `performance.now` says */
  constructor(whole: Whole, recipe: Recipe, begun: number) {
    this.whole = whole;
    this.recipe = recipe;
    this.begun = begun;
  }

  evaluated(ms: number): void {
    this.evaluationMs = ms;
  }

  /** Notes a step. @returns the whole time that the run expects to take, in milliseconds, at the step where it knows; null at all others */
  stepped(step: number, stepMs: number, now: number): number | null {
    // What other methods take than the one at hand, its steps do not tell.
    const { steps, stages } = this.whole;
    if (this.timeMs !== null || step <= stages.at(-1)!.first) return null;
    this.seen.push(stepMs);
    // What is nearly over needs no forecast.
    if (this.seen.length < SEEN || steps - step < SEEN) return null;
    const [, ...settled] = this.seen;
    const stepEach = settled.reduce((sum, ms) => sum + ms, 0) / settled.length;
    this.timeMs = now - this.begun + (steps - step) * stepEach + evaluationsAfter(this.recipe, step, steps, stages.map((stage) => stage.steps)) * this.evaluationMs;
    return this.timeMs;
  }

  /** @param isWhole  whether the run came to the end that its time was expected for */
  outcome(isWhole: boolean, now: number): Outcome {
    return {
      memory: { expected: this.whole.memory.peak, measured: peakMemory() },
      time: this.timeMs === null || !isWhole ? null : { expected: this.timeMs, measured: now - this.begun },
    };
  }
}
