import type { Program } from '../runtime/program.ts';
import { float32, type Tensor } from '../runtime/tensor.ts';
import type { GrowingTexts } from './engine.ts';
import type { Completion, Prompt } from './writing.ts';
import { inBatches } from './in-batches.ts';
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
 * @param choose   of a `mixedChoiceGraph`
 */
export function writeMixed(student: TextWriter, teacher: TextWriter, choose: Program, prompts: readonly Prompt[], options: MixedOptions): Promise<MixedCompletion[]> {
  return inBatches(prompts, { atOnce: Math.min(student.atOnce, teacher.atOnce), encoder: student.decoder.encoder },
    (part) => writeBatch([student, teacher], choose, part, options));
}

async function writeBatch(
  models: readonly [student: TextWriter, teacher: TextWriter], choose: Program, prompts: readonly Prompt[], { share, maxNewTokens, eos, uniform }: MixedOptions,
): Promise<MixedCompletion[]> {
  const texts = prompts.map(() => ({ tokens: [] as number[], student: [] as number[], teacher: [] as number[], ended: false }));
  const size = { rows: prompts.length, newTokens: maxNewTokens };
  const sessions: GrowingTexts[] = [];
  const logits = async (session: GrowingTexts): Promise<Tensor> => (await session.run())['logits']!;
  /** Which prompt each row of the batch continues. */
  let active = prompts.map((_, at) => at);
  try {
    for (const { engine } of models) sessions.push(await engine.grow(prompts, size));
    for (let step = 0; step < maxNewTokens; step++) {
      const chosen = await choose.run({
        student: await logits(sessions[0]!), teacher: await logits(sessions[1]!), share: float32(Float32Array.of(share), []),
        uniform: float32(Float32Array.from(active, (at) => uniform(prompts[at]!.id, step)), [active.length, 1]),
      });
      active.forEach((at, row) => {
        const text = texts[at]!;
        const token = Number(chosen['next']!.data[row]);
        text.tokens.push(token);
        text.student.push(Number(chosen['student_logprob']!.data[row]));
        text.teacher.push(Number(chosen['teacher_logprob']!.data[row]));
        text.ended = eos.has(token);
      });
      const going = active.flatMap((at, row) => (texts[at]!.ended ? [] : [row]));
      if (going.length === 0) break;
      active = going.map((row) => active[row]!);
      for (const session of sessions) {
        await session.take(going);
        session.feed(active.map((at) => texts[at]!.tokens[step]!));
      }
    }
  } finally {
    for (const session of sessions) session.release();
  }
  return texts.map(({ tokens, student, teacher, ended }) => (
    { tokens: Int32Array.from(tokens), student: Float32Array.from(student), teacher: Float32Array.from(teacher), ended }));
}
