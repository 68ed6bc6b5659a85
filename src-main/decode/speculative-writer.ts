import type { Decoder } from '../nn/decoder.ts';
import { inMoves } from '../runtime/in-moves.ts';
import type { Executor } from '../runtime/program.ts';
import type { PlacedWeights } from '../runtime/weights.ts';
import { shareDevice } from './device/device-engine.ts';
import { DraftedOnHost, type DraftedText } from './drafts.ts';
import type { Engine } from './engine.ts';
import type { Prompt } from './writing.ts';
import { speculate, type SpeculateOptions, type Speculated } from './speculate.ts';
import { TextPlan } from './text-writer.ts';

/** A model that writes, and what runs it. */
export interface WritingModel { executor: Executor; decoder: Decoder; weights: PlacedWeights }

export interface SpeculativeWriterSettings {
  /** Ids below this may be written: those that both models know. */
  vocabulary: number;
  /** The longest prompt and completion together. */
  maxLength: number;
}

/**
 * Continues prompts as the teacher would, with drafts by the student. The texts are written one by one: a text that
 * waits for another's rejected draft would save nothing, and one text is what speculation makes faster.
 */
export class SpeculativeWriter {
  private readonly teacher: Engine;
  private readonly student: Engine;

  private constructor(teacher: Engine, student: Engine) {
    this.teacher = teacher;
    this.student = student;
  }

  /** Takes both models' weights as they are now. */
  static async open(teacher: WritingModel, student: WritingModel, settings: SpeculativeWriterSettings): Promise<SpeculativeWriter> {
    return inMoves(async (keep) => new SpeculativeWriter(keep(await openSide(teacher, settings)), await openSide(student, settings)));
  }

  /** One completion a prompt, in order. `onDone` tells how many are written. */
  async write(prompts: readonly Prompt[], options: SpeculateOptions, onDone?: (count: number) => void): Promise<Speculated[]> {
    const written: Speculated[] = [];
    for (const prompt of prompts) {
      const text = await this.open(prompt, options);
      try {
        written.push(await speculate(text, prompt.id, options));
      } finally {
        text.release();
      }
      onDone?.(written.length);
    }
    return written;
  }

  /** Both models' text, on their device where they share one. */
  private async open(prompt: Prompt, options: SpeculateOptions): Promise<DraftedText> {
    const models = [this.teacher, this.student] as const;
    const there = shareDevice(models) ? await models[0].drafted(models[1], prompt, options) : null;
    if (there) return there;
    const teacher = await this.teacher.read(prompt, options.maxNewTokens);
    try {
      return new DraftedOnHost(teacher, await this.student.read(prompt, options.maxNewTokens), options.sampling);
    } catch (error) {
      teacher.release();
      throw error;
    }
  }

  async release(): Promise<void> {
    await this.teacher.release();
    await this.student.release();
  }
}

async function openSide({ executor, decoder, weights }: WritingModel, settings: SpeculativeWriterSettings): Promise<Engine> {
  return (await new TextPlan(executor, decoder, weights, { ...settings, choice: 'logits' }).open()).engine;
}
