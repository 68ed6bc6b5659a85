import type { MemoryForecast, Outcome } from '../../contract/forecast.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { peakMemory } from '../../runtime/peak-memory.ts';
import { evaluationsAfter } from '../studio/run-time.ts';

/** Steps after which a run knows its pace. The first is left out: it compiles what the others use. */
const SEEN = 4;

/** What a run expects to take, and what it took in the end. */
export class Expectation {
  private readonly memory: MemoryForecast;
  private readonly recipe: Recipe;
  private readonly steps: number;
  private readonly from: number;
  private readonly begun: number;
  private readonly seen: number[] = [];
  private evaluationMs = 0;
  private timeMs: number | null = null;

  /** @param steps  that the run shall have made in the end, @param begun  when it began, as `performance.now` says, @param from  steps before its last stage */
  constructor(memory: MemoryForecast, recipe: Recipe, steps: number, begun: number, from = 0) {
    this.from = from;
    this.memory = memory;
    this.recipe = recipe;
    this.steps = steps;
    this.begun = begun;
  }

  evaluated(ms: number): void {
    this.evaluationMs = ms;
  }

  /** Notes a step. @returns the whole time that the run expects to take, in milliseconds, at the step where it knows; null at all others */
  stepped(step: number, stepMs: number, now: number): number | null {
    // What other methods take than the one at hand, its steps do not tell.
    if (this.timeMs !== null || step <= this.from) return null;
    this.seen.push(stepMs);
    // What is nearly over needs no forecast.
    if (this.seen.length < SEEN || this.steps - step < SEEN) return null;
    const [, ...settled] = this.seen;
    const stepEach = settled.reduce((sum, ms) => sum + ms, 0) / settled.length;
    this.timeMs = now - this.begun + (this.steps - step) * stepEach + evaluationsAfter(this.recipe, step, this.steps) * this.evaluationMs;
    return this.timeMs;
  }

  /** @param isWhole  whether the run came to the end that its time was expected for */
  outcome(isWhole: boolean, now: number): Outcome {
    return {
      memory: { expected: this.memory.peak, measured: peakMemory() },
      time: this.timeMs === null || !isWhole ? null : { expected: this.timeMs, measured: now - this.begun },
    };
  }
}
