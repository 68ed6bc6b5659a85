import type { Evaluation, Sample } from '../../contract/events.ts';
import { layOut } from '../../distill/batch.ts';
import type { DivergenceSpec } from '../../distill/divergences.ts';
import type { FrozenModel } from '../../distill/frozen-model.ts';
import { Judge } from '../../distill/judge.ts';
import { scoreDrafting } from '../../metrics/acceptance.ts';
import { findMetrics, scoreAll } from '../../metrics/score.ts';
import type { Executor } from '../../runtime/program.ts';
import { writeAnswers, type AnswerSettings } from '../answers.ts';
import { draftAnswers } from '../drafting.ts';
import type { EncodedExample } from '../examples.ts';
import type { Tokenizer } from '../../model/tokenizer.ts';

/** How many outputs an evaluation keeps to be read. */
const SAMPLES = 8;
/** Texts judged together. */
const JUDGED_AT_ONCE = 8;

export interface EvaluationSettings extends AnswerSettings {
  step: number;
  metrics: readonly string[];
  loss: DivergenceSpec & { lossTemperature: number };
  /** The teacher's own answers to the first examples, to be read beside the student's. */
  teacherAnswers: readonly string[] | null;
}

/** For the metric `acceptance`: the student drafts, this teacher judges. */
export interface DraftJudge { teacher: FrozenModel; draftTokens: number; eos: ReadonlySet<number> }

/** How far the student is from teacher and references on held-out examples, and how well what it writes does. */
export async function evaluateStudent(
  executor: Executor, student: FrozenModel, teacher: FrozenModel | null, tokenizer: Tokenizer,
  examples: readonly EncodedExample[], settings: EvaluationSettings, onProgress: (done: number, total: number) => void,
  judge: DraftJudge | null,
): Promise<Evaluation> {
  const held = await judgeReferences(executor, student, teacher, examples, settings);
  const written = settings.metrics.flatMap(findMetrics).length === 0 ? examples.slice(0, SAMPLES) : examples;
  const total = written.length + (judge ? examples.length : 0);
  const predictions = await writeAnswers(student, tokenizer, written, settings, (done) => onProgress(done, total));
  const drafted = judge && await draftAnswers(judge.teacher, student, examples, { ...settings, ...judge },
    (done) => onProgress(written.length + done, total));
  return {
    step: settings.step,
    examples: examples.length,
    ...held,
    metrics: { ...scoreAll(settings.metrics, predictions, settings.seed), ...(drafted && scoreDrafting(drafted, settings.seed)) },
    samples: predictions.slice(0, SAMPLES).map((prediction, at): Sample => ({ ...prediction, teacher: settings.teacherAnswers?.[at] ?? null })),
  };
}

/** Mean over tokens of held-out completions: the run's divergence, and the negative log-likelihood. */
async function judgeReferences(
  executor: Executor, student: FrozenModel, teacher: FrozenModel | null, examples: readonly EncodedExample[], settings: EvaluationSettings,
): Promise<{ divergence: number | null; loss: number | null }> {
  const known = examples.filter(({ completion }) => completion.length > 0).map((example) => ({ ...example, isOnPolicy: false }));
  if (known.length === 0) return { divergence: null, loss: null };
  const { sharedVocabulary, loss } = settings;
  const judge = new Judge(executor, student, teacher, { ...loss, sharedVocabulary, chunk: 128 });
  const sums = { divergence: 0, loss: 0, tokens: 0 };
  for (const batch of layOut(known, JUDGED_AT_ONCE, 'token', student.decoder.encoder)) {
    const told = await judge.judge(batch);
    for (const { start, end } of batch.spans) {
      for (let at = start; at < end; at++) {
        sums.divergence += Number(told['divergence']![at]!);
        sums.loss -= Number(told['targetLogprob']![at]!);
        sums.tokens++;
      }
    }
  }
  await judge.release();
  return { divergence: teacher && sums.divergence / sums.tokens, loss: sums.loss / sums.tokens };
}

/** What a teacher answers to the examples whose answers an evaluation keeps. */
export async function teacherAnswers(
  teacher: FrozenModel, tokenizer: Tokenizer, examples: readonly EncodedExample[], settings: AnswerSettings,
): Promise<string[]> {
  const answers = await writeAnswers(teacher, tokenizer, examples.slice(0, SAMPLES), settings);
  return answers.map(({ prediction }) => prediction);
}
