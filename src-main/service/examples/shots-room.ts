import { Problem } from '../../contract/problem.ts';
import { rowName } from '../../data/read.ts';
import type { EncodedExample } from '../../text/encoded-example.ts';

/** Most tokens that a prompt may have, and what that is called. */
export interface PromptRoom { tokens: number; name: string; hint(longest: number): string }

type Shown = Pick<EncodedExample, 'index' | 'promptLength' | 'shotTokens'>;

/** Whether prompts, which come some at a time, fit beside their shots: it is the beginning of the shots that they would lose. */
export class ShotsFit {
  private readonly room: PromptRoom;
  private count = 0;
  private long = 0;
  private longest = 0;
  private first: Shown | null = null;

  constructor(room: PromptRoom) {
    this.room = room;
  }

  add(examples: readonly Shown[]): void {
    this.count += examples.length;
    for (const { index, promptLength, shotTokens } of examples) {
      if (promptLength <= this.room.tokens) continue;
      this.long++;
      this.longest = Math.max(this.longest, promptLength);
      this.first ??= { index, promptLength, shotTokens };
    }
  }

  /** @throws Problem where one does not. @param path  of the examples */
  check(path: string): void {
    if (!this.first || this.first.shotTokens === 0) return;
    const { tokens, name, hint } = this.room;
    throw new Problem(
      `The shots have ${this.first.shotTokens} tokens; with them ${this.long} of ${this.count} prompts (${rowName(path, this.first.index)} is the first, the longest has ${this.longest} tokens) `
      + `are longer than ${name}, ${tokens}.`,
      { hint: hint(this.longest) });
  }
}
