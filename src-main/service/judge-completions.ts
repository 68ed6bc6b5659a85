import { layOut } from '../distill/batch.ts';
import type { DivergenceSpec } from '../distill/divergences.ts';
import type { FrozenModel } from '../distill/frozen-model.ts';
import { Judge } from '../distill/judge.ts';
import type { JudgedText } from '../metrics/perplexity.ts';
import { executorFor } from './load-model.ts';

/** Texts judged together. */
const AT_ONCE = 8;
/** Positions projected to the vocabulary at once. */
const CHUNK = 128;

export interface JudgeSettings {
  /** Ids below this are known to all. */
  sharedVocabulary: number;
  /** By what teacher and student are compared. */
  loss: DivergenceSpec & { lossTemperature: number };
  signal?: AbortSignal;
}

/** What is asked of a model without a teacher. */
export const LIKELIHOOD: JudgeSettings['loss'] = { divergence: 'cross_entropy', beta: 0.5, normalizeBeta: false, lossTemperature: 1 };

/** The prompt and the text behind it, at least one token. */
export interface GivenText { index: number; prompt: Int32Array; completion: Int32Array }

/**
 * What a model is to given texts, one for each: their likelihood, at temperature 1, and how far it is from its teacher
 * there; 0 without one.
 */
export async function judgeCompletions(
  student: FrozenModel, teacher: FrozenModel | null, texts: readonly GivenText[], settings: JudgeSettings, onDone: (count: number) => void = () => undefined,
): Promise<JudgedText[]> {
  const { loss, sharedVocabulary } = settings;
  const judgeBy = (of: FrozenModel | null, by: JudgeSettings['loss']): Judge => new Judge(executorFor('cpu'), student, of, { ...by, sharedVocabulary, chunk: CHUNK });
  const compared = teacher && judgeBy(teacher, loss);
  // A temperature of the divergence is none of the likelihood's.
  const read = compared && loss.lossTemperature === 1 ? compared : judgeBy(null, LIKELIHOOD);
  const judged = texts.map((): JudgedText => ({ tokens: 0, loss: 0, divergence: 0 }));
  let done = 0;
  try {
    for (const batch of layOut(texts.map((text) => ({ ...text, isOnPolicy: false })), AT_ONCE, 'token', student.decoder.encoder)) {
      settings.signal?.throwIfAborted();
      const { targetLogprob, divergence: own } = await read.judge(batch);
      const divergence = compared && (read === compared ? own : (await compared.judge(batch))['divergence']);
      for (const { example, start, end } of batch.spans) {
        const text = judged[example]!;
        for (let at = start; at < end; at++) {
          text.tokens++;
          text.loss -= Number(targetLogprob![at]!);
          if (divergence) text.divergence += Number(divergence[at]!);
        }
      }
      done += batch.spans.length;
      onDone(done);
    }
  } finally {
    await compared?.release();
    if (read !== compared) await read.release();
  }
  return judged;
}
