import type { Reach } from '../../src-main/contract/consent.ts';

interface Question { reaches: readonly Reach[]; answer(isAllowed: boolean): void }

/** What the program wants the person to allow, one question after the other. */
export class ConsentQuestions {
  now = $state.raw<Question | null>(null);
  private last: Promise<boolean> = Promise.resolve(false);

  ask(reaches: readonly Reach[]): Promise<boolean> {
    this.last = this.last.then(() => new Promise<boolean>((resolve) => {
      this.now = {
        reaches,
        answer: (isAllowed) => {
          this.now = null;
          resolve(isAllowed);
        },
      };
    }));
    return this.last;
  }
}
