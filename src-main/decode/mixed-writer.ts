import type { Program } from '../runtime/program.ts';
import { shareDevice } from './device/device-engine.ts';
import type { Completion, Prompt } from './writing.ts';
import { inBatches } from './in-batches.ts';
import { MixedOnHost, type MixedTexts, type Mixing } from './mixed-texts.ts';
import type { TextWriter } from './text-writer.ts';

export interface MixedOptions {
  /** The teacher's part in the mixture that tokens are drawn from. */
  share: number;
  maxNewTokens: number;
  eos: ReadonlySet<number>;
  /** The number in [0, 1) that decides a text's token at a step. */
  uniform(prompt: number, step: number): number;
}

/** A completion with the log-probability of each token by each model alone. */
export interface MixedCompletion extends Completion { student: Float32Array; teacher: Float32Array }

/**
 * Continues prompts with two models that read the same text and share in the choice of every token.
 *
 * @param student  whose choice is logits, as is the teacher's
 * @param choose   of a `mixedChoiceGraph`, where they are not on one device
 */
export function writeMixed(student: TextWriter, teacher: TextWriter, choose: Program, prompts: readonly Prompt[], options: MixedOptions): Promise<MixedCompletion[]> {
  const models: Mixing = [student.engine, teacher.engine];
  const open = (part: readonly Prompt[]): Promise<MixedTexts> => {
    const size = { rows: part.length, newTokens: options.maxNewTokens };
    return shareDevice(models) ? models[0].mixed(models[1], options.share, part, size) : MixedOnHost.open(models, choose, options.share, part, size);
  };
  return inBatches(prompts, { atOnce: Math.min(student.atOnce, teacher.atOnce), encoder: student.decoder.encoder }, async (part) => writeBatch(await open(part), part, options));
}

async function writeBatch(mixed: MixedTexts, prompts: readonly Prompt[], { maxNewTokens, eos, uniform }: MixedOptions): Promise<MixedCompletion[]> {
  const texts = prompts.map(() => ({ tokens: [] as number[], student: [] as number[], teacher: [] as number[], ended: false }));
  /** Which prompt each row of the batch continues. */
  let active = prompts.map((_, at) => at);
  try {
    for (let step = 0; step < maxNewTokens; step++) {
      const drawn = await mixed.draw(active.map((at) => uniform(prompts[at]!.id, step)));
      active.forEach((at, row) => {
        const text = texts[at]!;
        text.tokens.push(drawn.tokens[row]!);
        text.student.push(drawn.student[row]!);
        text.teacher.push(drawn.teacher[row]!);
        text.ended = eos.has(drawn.tokens[row]!);
      });
      const going = active.flatMap((at, row) => (texts[at]!.ended ? [] : [row]));
      if (going.length === 0 || step + 1 === maxNewTokens) break;
      await mixed.goOn(going);
      active = going.map((row) => active[row]!);
    }
  } finally {
    mixed.release();
  }
  return texts.map(({ tokens, student, teacher, ended }) => (
    { tokens: Int32Array.from(tokens), student: Float32Array.from(student), teacher: Float32Array.from(teacher), ended }));
}
