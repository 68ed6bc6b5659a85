import type { Asker } from '../../src-main/contract/api/asker.ts';
import { asProblem, type Problem } from '../../src-main/contract/problem.ts';

/** This window, for questions of which it waits for the last only. */
export const ASKER = Math.random().toString(36).slice(2);
let turns = 0;

/** Says that a question is this window's next. */
export const asking = (): Asker => ({ id: ASKER, turn: ++turns });

/** An answer that is asked for again when its question changes; late answers to old questions are dropped. */
export class Asked<Result> {
  value = $state.raw<Result | null>(null);
  problem = $state.raw<Problem | null>(null);
  isLoading = $state(false);
  private question = '';
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** @param question  names what is asked, so that the same is not asked twice */
  ask(question: string, answer: () => Promise<Result>, { delay = 0 } = {}): void {
    if (question === this.question) return;
    this.question = question;
    this.isLoading = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { void this.settle(question, answer); }, delay);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.question = '';
    this.value = null;
    this.problem = null;
    this.isLoading = false;
  }

  private async settle(question: string, answer: () => Promise<Result>): Promise<void> {
    try {
      const value = await answer();
      if (question !== this.question) return;
      this.value = value;
      this.problem = null;
    } catch (error) {
      if (question !== this.question) return;
      this.value = null;
      this.problem = asProblem(error);
    }
    this.isLoading = false;
  }
}
