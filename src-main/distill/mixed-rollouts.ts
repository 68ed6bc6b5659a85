import type { Method } from '../contract/presets.ts';
import { mixedChoiceGraph } from '../decode/mixed-choice.ts';
import { writeMixed, type MixedCompletion } from '../decode/mixed-writer.ts';
import { LastingWriter } from '../decode/lasting-writer.ts';
import type { TextPlan, TextWriter } from '../decode/text-writer.ts';
import { inMoves } from '../runtime/in-moves.ts';
import type { Executor, Program } from '../runtime/program.ts';
import { positionWeight } from './batch.ts';
import { longTermAdvantages, type LongTermSettings } from './long-term.ts';
import { rolloutUniform, type Ask, type RolloutSettings, type Written } from './rollout.ts';

export interface MixedSettings extends Omit<RolloutSettings, 'temperature'>, LongTermSettings {
  reduction: Method['reduction'];
  /** Ids below this may be written. */
  vocabulary: number;
}

/** Texts that student and teacher write together, with what they teach beside the divergence at every token: MiniLLM's. */
export class MixedRollouts {
  private readonly executor: Executor;
  private readonly student: LastingWriter;
  private readonly teacher: TextPlan;
  private readonly settings: MixedSettings;
  /** The teacher does not change, so it is opened once. */
  private opened: Promise<{ teacher: TextWriter; choose: Program }> | null = null;

  /** @param executor  chooses tokens @param student  whose choice is logits, as is the teacher's */
  constructor(executor: Executor, student: TextPlan, teacher: TextPlan, settings: MixedSettings) {
    this.executor = executor;
    this.student = new LastingWriter(student);
    this.teacher = teacher;
    this.settings = settings;
  }

  async write(asked: readonly Ask[], step: number): Promise<Written[]> {
    const texts = await this.texts(asked, step);
    const weigh = positionWeight(texts.map(({ tokens }) => tokens.length), this.settings.reduction);
    const advantages = longTermAdvantages(texts, this.settings);
    return texts.map(({ tokens, ended }, at) => ({
      tokens, ended, advantages: advantages[at]!.map((value) => value * weigh(tokens.length)),
    }));
  }

  /** The texts alone, one a prompt, with each token's log-probabilities. */
  async texts(asked: readonly Ask[], step: number): Promise<MixedCompletion[]> {
    const { teacherMix, maxNewTokens, eos } = this.settings;
    const { teacher, choose } = await (this.opened ??= this.open());
    return this.student.use((student) => writeMixed(student, teacher, choose, asked.map(({ prompt }, id) => ({ id, tokens: prompt })), {
      share: teacherMix, maxNewTokens, eos,
      uniform: (id, index) => rolloutUniform(this.settings, asked[id]!, step, index),
    }));
  }

  async release(): Promise<void> {
    await this.student.release();
    const opened = await this.opened;
    await opened?.teacher.release();
    await opened?.choose.release();
  }

  private async open(): Promise<{ teacher: TextWriter; choose: Program }> {
    try {
      return await inMoves(async (keep) => ({
        teacher: keep(await this.teacher.open()),
        choose: await this.executor.compile(mixedChoiceGraph(this.settings.vocabulary, this.executor.dialect), { optimize: 'basic' }),
      }));
    } catch (error) {
      this.opened = null;
      throw error;
    }
  }
}
