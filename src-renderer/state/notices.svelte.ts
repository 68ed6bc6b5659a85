import { fullStop } from '../format.ts';
import { withNames } from '../recipe/dropped.ts';
import { Problem } from '../../src-main/contract/problem.ts';

export interface Notice {
  id: number;
  tone: 'plain' | 'good' | 'bad';
  text: string;
  hint?: string | undefined;
  /** A way back, or on. */
  action?: { label: string; run: () => unknown } | undefined;
}

/** Milliseconds a notice stays. What went wrong stays until it is closed. */
const STAYS = 8000;

/** Short messages at the edge of the window. */
export class NoticesState {
  items = $state.raw<readonly Notice[]>([]);
  private last = 0;

  say(text: string, { tone = 'plain', hint, action }: Partial<Omit<Notice, 'id' | 'text'>> = {}): void {
    const notice: Notice = { id: ++this.last, tone, text, hint, action };
    // The same again replaces what was said before.
    this.items = [...this.items.filter((item) => item.text !== text), notice].slice(-4);
    if (tone !== 'bad') setTimeout(() => { this.close(notice.id); }, STAYS);
  }

  /** Arrow function: given to `catch`. */
  readonly fail = (error: unknown): void => {
    const { message } = error instanceof Error ? error : new Error(String(error));
    this.say(fullStop(withNames(message)), { tone: 'bad', hint: error instanceof Problem ? error.hint : undefined });
  };

  /** Takes back what is no longer so. */
  takeBack(text: string): void {
    this.items = this.items.filter((item) => item.text !== text);
  }

  close(id: number): void {
    this.items = this.items.filter((item) => item.id !== id);
  }
}
