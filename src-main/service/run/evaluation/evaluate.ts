import type { Evaluation, Sample, Score } from '../../../contract/events.ts';
import type { OwnText } from '../../../distill/cannot-write.ts';
import type { FrozenModel } from '../../../distill/frozen-model.ts';
import type { Teacher } from '../../../distill/teacher.ts';
import { scoreDrafting } from '../../../metrics/acceptance.ts';
import { meanOfTokens, PERPLEXITY, scorePerplexity } from '../../../metrics/perplexity.ts';
import { findMetrics, scoreAll } from '../../../metrics/score.ts';
import { writeAnswers, type AnswerSettings } from '../../evaluate/answers.ts';
import { scoreQuestions, type EncodedQuestion } from '../../evaluate/choose-answers.ts';
import { draftAnswers } from '../../evaluate/drafting.ts';
import { givenText, type EncodedExample } from '../../../text/encoded-example.ts';
import { judgeCompletions, type Comparison } from '../../evaluate/judge-completions.ts';
import type { Tokenizer } from '../../../text/tokenizer/tokenizer.ts';

/** How many outputs an evaluation keeps to be read. */
export const SAMPLES = 8;

export interface EvaluationSettings extends AnswerSettings {
  step: number;
  /** By what the student is compared with its teacher. */
  loss: Comparison['loss'];
  metrics: readonly string[];
  /** The teacher's own answers to the first examples, to be read beside the student's. */
  teacherAnswers: readonly string[] | null;
}

/** For the metric `acceptance`: the student drafts, this teacher judges. */
export interface DraftJudge { teacher: FrozenModel; draftTokens: number; eos: ReadonlySet<number> }

/** A piece of an evaluation that is over, and whether it takes longer with more examples. */
export interface EvaluationPart { ms: number; grows: boolean }

/** How far the student is from teacher and references on held-out examples, and how well what it writes does. */
export async function evaluateStudent(
  student: FrozenModel, teacher: Teacher | null, tokenizer: Tokenizer,
  examples: readonly EncodedExample[], settings: EvaluationSettings, onProgress: (done: number, total: number) => void,
  { judge, questions, onTexts, onPart }: {
    judge: DraftJudge | null; questions: readonly EncodedQuestion[] | null; onTexts(texts: OwnText[]): void; onPart?(part: EvaluationPart): void;
  },
): Promise<Evaluation> {
  const { seed, signal, metrics: names } = settings;
  const part = async <T>(grows: boolean, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    onPart?.({ ms: performance.now() - start, grows });
    return result;
  };
  const given = examples.filter(({ completion }) => completion.length > 0).map(givenText);
  const judged = await part(true, () => judgeCompletions(student, teacher && { ...settings, teacher }, given, { ...(signal && { signal }) }));
  const mean = (name: 'divergence' | 'loss'): Score | null => (judged.length === 0 || (name === 'divergence' && !teacher) ? null : meanOfTokens(judged, name, seed));
  const [divergence, loss] = [mean('divergence'), mean('loss')];
  const isAnswered = names.flatMap(findMetrics).length > 0;
  const written = isAnswered ? examples : sampled(examples);
  const total = written.length + (judge ? examples.length : 0);
  const predictions = await part(isAnswered, () => writeAnswers(student.voice, tokenizer, written, settings, (done) => onProgress(done, total), onTexts));
  const drafted = judge && await part(true, () => draftAnswers(judge.teacher.voice, student.voice, examples, { ...settings, ...judge },
    (done) => onProgress(written.length + done, total)));
  const chosen = questions && await part(true, () => scoreQuestions(student, questions, seed, { ...(signal && { signal }) }));
  return {
    step: settings.step,
    examples: examples.length,
    divergence: divergence && divergence.value, divergenceLow: divergence && divergence.low, divergenceHigh: divergence && divergence.high,
    loss: loss && loss.value, lossLow: loss && loss.low, lossHigh: loss && loss.high,
    metrics: {
      ...scoreAll(names, predictions, seed),
      ...(names.includes(PERPLEXITY) && { [PERPLEXITY]: scorePerplexity(judged, seed) }),
      ...chosen,
      ...(drafted && scoreDrafting(drafted, seed)),
    },
    samples: predictions.slice(0, SAMPLES).map((prediction, at): Sample => ({ ...prediction, teacher: settings.teacherAnswers?.[at] ?? null })),
  };
}

/** The examples whose answers an evaluation keeps. */
export const sampled = (examples: readonly EncodedExample[]): readonly EncodedExample[] => examples.slice(0, SAMPLES);
