import type { Program } from '../runtime/program.ts';
import { float32, type Tensor } from '../runtime/tensor.ts';
import type { Engine, GrowingTexts } from './engine.ts';
import type { Opening, SessionSize } from './opening.ts';

/** A token for every row, with its log-probability by each model alone. */
export interface Drawn { readonly tokens: ArrayLike<number>; readonly student: ArrayLike<number>; readonly teacher: ArrayLike<number> }

/** A batch of texts that two models read, of which every token is drawn from both at once. */
export interface MixedTexts {
  /** Every row's next token. @param uniforms  a number in [0, 1) for each row; the next draw writes over what comes back */
  draw(uniforms: readonly number[]): Promise<Drawn>;
  /** Goes on with these rows, in this order, each with the token that was drawn for it. */
  goOn(rows: readonly number[]): Promise<void>;
  release(): void;
}

/** Who writes together: the student comes first. */
export type Mixing = readonly [student: Engine, teacher: Engine];

/** Texts of models wherever each of them is: logits come to the host, which chooses by a program of its own. */
export class MixedOnHost implements MixedTexts {
  private readonly sessions: readonly GrowingTexts[];
  private readonly choose: Program;
  private readonly share: Tensor;
  private drawn: ArrayLike<number> = [];

  private constructor(sessions: readonly GrowingTexts[], choose: Program, share: number) {
    this.sessions = sessions;
    this.choose = choose;
    this.share = float32(Float32Array.of(share), []);
  }

  /** @param choose  of a `mixedChoiceGraph` */
  static async open(models: Mixing, choose: Program, share: number, prompts: readonly Opening[], size: SessionSize): Promise<MixedOnHost> {
    const sessions: GrowingTexts[] = [];
    try {
      for (const engine of models) sessions.push(await engine.grow(prompts, size));
      return new MixedOnHost(sessions, choose, share);
    } catch (error) {
      for (const session of sessions) session.release();
      throw error;
    }
  }

  async draw(uniforms: readonly number[]): Promise<Drawn> {
    const logits: Tensor[] = [];
    for (const session of this.sessions) logits.push((await session.run())['logits']!);
    const chosen = await this.choose.run({
      student: logits[0]!, teacher: logits[1]!, share: this.share, uniform: float32(Float32Array.from(uniforms), [uniforms.length, 1]),
    });
    this.drawn = chosen['next']!.data as Int32Array;
    return { tokens: this.drawn, student: chosen['student_logprob']!.data as Float32Array, teacher: chosen['teacher_logprob']!.data as Float32Array };
  }

  async goOn(rows: readonly number[]): Promise<void> {
    for (const session of this.sessions) {
      await session.take(rows);
      session.feed(rows.map((row) => this.drawn[row]!));
    }
  }

  release(): void {
    for (const session of this.sessions) session.release();
  }
}
