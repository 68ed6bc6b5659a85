import { probabilitiesOf } from './choose.ts';
import type { OneText } from './engine.ts';
import { draw } from './processors.ts';
import type { TokenSampling } from './sampling.ts';
import { verify, type Chance, type Verdict } from './verify.ts';

/** One text on which a student drafts and its teacher decides. */
export interface DraftedText {
  /** Draws the token behind these by the student. @param tokens  of the text, with what is drafted so far @param chance  a number in [0, 1) */
  draft(tokens: readonly number[], chance: number): Promise<number>;
  /** What becomes of the draft behind these tokens, and with it of the text: see `verify`. The next draft begins. */
  judge(tokens: readonly number[], draft: readonly number[], chance: Chance): Promise<Verdict>;
  release(): void;
}

/** A text whose models may be anywhere: logits come to the host, which draws and decides. */
export class DraftedOnHost implements DraftedText {
  private readonly teacher: OneText;
  private readonly student: OneText;
  private readonly sampling: TokenSampling;
  /** What each token of the draft was drawn from. */
  private drafted: Float64Array[] = [];

  /** @param sampling  of both; its own random numbers are not asked */
  constructor(teacher: OneText, student: OneText, sampling: TokenSampling) {
    this.teacher = teacher;
    this.student = student;
    this.sampling = sampling;
  }

  async draft(tokens: readonly number[], chance: number): Promise<number> {
    const [q] = await this.probabilities(this.student, tokens, 1);
    this.drafted.push(q!);
    return draw(q!, chance);
  }

  async judge(tokens: readonly number[], draft: readonly number[], chance: Chance): Promise<Verdict> {
    const wanted = await this.probabilities(this.teacher, [...tokens, ...draft], draft.length + 1);
    const { drafted } = this;
    this.drafted = [];
    return verify(draft, drafted, wanted, chance);
  }

  release(): void {
    for (const text of [this.teacher, this.student]) text.release();
  }

  private async probabilities(text: OneText, tokens: readonly number[], told: number): Promise<Float64Array[]> {
    const rows = await text.logits(tokens, told);
    return rows.map((logits, at) => probabilitiesOf(logits, text.with(tokens.slice(0, tokens.length - told + 1 + at)), this.sampling));
  }
}
