import { layOut, type MicroBatch } from '../../distill/batch.ts';
import type { DivergenceSpec } from '../../distill/divergences.ts';
import type { FrozenModel } from '../../distill/frozen-model.ts';
import { Judge } from '../../distill/judge.ts';
import { lossChunk } from '../../distill/loss-chunk.ts';
import type { Teacher } from '../../distill/teacher.ts';
import type { JudgedText } from '../../metrics/perplexity.ts';
import type { GivenText } from '../../text/encoded-example.ts';
import { executorFor } from '../../model/load-model.ts';
import type { Tensor } from '../../runtime/tensor.ts';

/** Texts judged together. */
const AT_ONCE = 8;
/** Batches that the teacher is asked about before the student's turn comes. */
const TURN = 16;
/** Positions projected to the vocabulary at once, fewer where it is large. */
const CHUNK = 128;

/** By what teacher and student are compared, and over which ids: those that both know. */
export interface Comparison { teacher: Teacher; loss: DivergenceSpec & { lossTemperature: number }; sharedVocabulary: number }

/** A model's own distribution. */
const LIKELIHOOD: Comparison['loss'] = { divergence: 'cross_entropy', beta: 0.5, normalizeBeta: false, lossTemperature: 1 };

/**
 * What a model is to given texts of at least one token, one for each: their likelihood, and how far it is from its teacher there; 0 without
 * one.
 */
export async function judgeCompletions(
  student: FrozenModel, comparison: Comparison | null, texts: readonly GivenText[], { signal, onDone }: { signal?: AbortSignal; onDone?: (count: number) => void } = {},
): Promise<JudgedText[]> {
  const { vocabSize } = student.decoder;
  const judgeBy = (of: Teacher | null, by: Comparison['loss'], sharedVocabulary: number): Judge =>
    new Judge(executorFor('cpu'), student, of, { ...by, sharedVocabulary, chunk: Math.min(CHUNK, lossChunk(sharedVocabulary)) });
  const compared = comparison && judgeBy(comparison.teacher, comparison.loss, comparison.sharedVocabulary);
  // Neither the temperature of a divergence nor what another model does not know is the likelihood's.
  const isOwn = comparison?.loss.lossTemperature === 1 && comparison.sharedVocabulary === vocabSize;
  const read = compared && isOwn ? compared : judgeBy(null, LIKELIHOOD, vocabSize);
  const judged = texts.map((): JudgedText & { compared: number } => ({ tokens: 0, loss: 0, divergence: 0, compared: 0 }));
  let done = 0;
  let states: Tensor[] = [];
  try {
    const batches = layOut(texts.map((text) => ({ ...text, isOnPolicy: false })), AT_ONCE, 'token', student.decoder.encoder);
    for (const [at, batch] of batches.entries()) {
      signal?.throwIfAborted();
      if (comparison && at % TURN === 0) states = await statesOf(comparison.teacher, batches.slice(at, at + TURN));
      const ofTeacher = states[at % TURN];
      const { targetLogprob, divergence: own } = await read.judge(batch, ofTeacher);
      const divergence = compared && (read === compared ? own : (await compared.judge(batch, ofTeacher))['divergence']);
      for (const { example, text: asked, start, end } of batch.spans) {
        const text = judged[example]!;
        const isCompared = comparison?.teacher.compared?.(asked);
        for (let at = start; at < end; at++) {
          text.tokens++;
          text.loss -= Number(targetLogprob![at]!);
          if (isCompared?.[at - start] === 0) continue;
          text.compared++;
          if (divergence) text.divergence += Number(divergence[at]!);
        }
      }
      done += batch.spans.length;
      onDone?.(done);
    }
  } finally {
    await compared?.release();
    if (read !== compared) await read.release();
  }
  return judged;
}

async function statesOf(teacher: Teacher, batches: readonly MicroBatch[]): Promise<Tensor[]> {
  const states: Tensor[] = [];
  teacher.expect?.(batches);
  for (const batch of batches) states.push(await teacher.hidden(batch));
  await teacher.rest();
  return states;
}
