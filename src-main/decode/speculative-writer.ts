import type { Decoder } from '../nn/decoder.ts';
import type { Executor } from '../runtime/program.ts';
import type { Engine, OneText, WritingWeights } from './engine.ts';
import type { Prompt } from './writing.ts';
import { speculate, type SpeculateOptions, type Speculated } from './speculate.ts';
import { TextPlan } from './text-writer.ts';

/** A model that writes, and what runs it. */
export interface WritingModel { executor: Executor; decoder: Decoder; weights: WritingWeights }

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
    return new SpeculativeWriter(await openSide(teacher, settings), await openSide(student, settings));
  }

  /** One completion a prompt, in order. `onDone` tells how many are written. */
  async write(prompts: readonly Prompt[], options: SpeculateOptions, onDone?: (count: number) => void): Promise<Speculated[]> {
    const written: Speculated[] = [];
    for (const prompt of prompts) {
      const texts: OneText[] = [];
      try {
        for (const engine of [this.teacher, this.student]) texts.push(await engine.read(prompt, options.maxNewTokens));
        written.push(await speculate(texts[0]!, texts[1]!, prompt.id, options));
      } finally {
        for (const text of texts) text.release();
      }
      onDone?.(written.length);
    }
    return written;
  }

  async release(): Promise<void> {
    await this.teacher.release();
    await this.student.release();
  }
}

async function openSide({ executor, decoder, weights }: WritingModel, settings: SpeculativeWriterSettings): Promise<Engine> {
  return (await new TextPlan(executor, decoder, weights, { ...settings, choice: 'logits' }).open()).engine;
}
