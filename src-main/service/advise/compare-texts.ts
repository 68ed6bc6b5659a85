import { layOut } from '../../distill/batch.ts';
import type { FrozenModel } from '../../distill/frozen-model.ts';
import { Judge } from '../../distill/judge.ts';
import { lossChunk } from '../../distill/loss-chunk.ts';
import { executorFor } from '../../model/load-model.ts';
import type { GivenText } from '../../text/encoded-example.ts';
import type { Comparison } from '../evaluate/judge-completions.ts';

/** Sums over the learned tokens of one text that are compared, in nats: what it costs each model, how far they are apart, and what the teacher itself is unsure of. */
export interface ComparedText {
  tokens: number;
  student: number;
  teacher: number;
  divergence: number;
  teacherEntropy: number;
  /** Tokens at which both models' first choice is the same. */
  agreed: number;
}

const AT_ONCE = 8;
const CHUNK = 128;

/** What teacher and student make of the same texts, over the ids that both know. A text without a token has sums of 0. */
export async function compareTexts(student: FrozenModel, { teacher, loss, sharedVocabulary }: Comparison, texts: readonly GivenText[], signal: AbortSignal): Promise<ComparedText[]> {
  const compared = texts.map((): ComparedText => ({ tokens: 0, student: 0, teacher: 0, divergence: 0, teacherEntropy: 0, agreed: 0 }));
  const judge = new Judge(executorFor('cpu'), student, teacher, { ...loss, sharedVocabulary, chunk: Math.min(CHUNK, lossChunk(sharedVocabulary)) });
  try {
    const batches = layOut(texts.map((text) => ({ ...text, isOnPolicy: false })), AT_ONCE, 'token', student.decoder.encoder);
    teacher.expect?.(batches);
    for (const batch of batches) {
      signal.throwIfAborted();
      const { targetLogprob, teacherLogprob, divergence, teacherEntropy, agreement } = await judge.judge(batch);
      for (const { example, text: asked, start, end } of batch.spans) {
        const text = compared[example]!;
        const isCompared = teacher.compared?.(asked);
        for (let at = start; at < end; at++) {
          if (isCompared?.[at - start] === 0) continue;
          text.tokens++;
          text.student -= Number(targetLogprob![at]);
          text.teacher -= Number(teacherLogprob![at]);
          text.divergence += Number(divergence![at]);
          text.teacherEntropy += Number(teacherEntropy![at]);
          text.agreed += Number(agreement![at]);
        }
      }
    }
    await teacher.rest();
  } finally {
    await judge.release();
  }
  return compared;
}
