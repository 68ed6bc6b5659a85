import type { Evaluation } from '../../../contract/events.ts';
import { answerTokens } from '../../../contract/longest-texts.ts';
import type { OwnText } from '../../../distill/cannot-write.ts';
import { ACCEPTANCE } from '../../../metrics/acceptance.ts';
import { endTokens } from '../../../model/load-model.ts';
import type { EncodedExample } from '../../../text/encoded-example.ts';
import { writeAnswers, type AnswerSettings } from '../../evaluate/answers.ts';
import type { BuiltRun } from '../build-trainer.ts';
import { evaluateStudent, sampled, type EvaluationPart } from './evaluate.ts';
import { keptAnswers } from '../teacher/kept-answers.ts';
import type { PreparedRun } from '../look/prepare.ts';
import type { RunTeacher } from '../teacher/run-teacher.ts';
import { servedTexts } from '../teacher/served-texts.ts';
import { inTokensOfTeacher } from '../teacher/teacher-voice.ts';
import type { ServedWriter } from '../../../teacher/served/served-writer.ts';

type Models = Pick<BuiltRun, 'student' | 'teacher'>;

interface Told {
  onProgress(done: number, total: number): void;
  onTexts?(texts: OwnText[]): void;
  onPart?(part: EvaluationPart): void;
}

/** The answers of a run's teacher to the first of its held-out examples; null without a teacher. They stay the same. */
export async function answersOfTeacher(run: PreparedRun, teacher: RunTeacher | null, examples: readonly EncodedExample[], signal?: AbortSignal): Promise<string[] | null> {
  if (!teacher) return null;
  const [asked, settings] = [sampled(examples), answerSettings(run, signal)];
  if (teacher.writer) return servedAnswers(run, teacher.writer, asked);
  const write = async (): Promise<string[]> => {
    const own = inTokensOfTeacher(run, asked, settings);
    const answers = await writeAnswers((await teacher.model()).voice, own.tokenizer, own.examples, own.settings);
    await teacher.judge.rest();
    return answers.map(({ prediction }) => prediction);
  };
  return teacher.kept ? keptAnswers(teacher.kept.folder, asked, settings, write) : write();
}

/** Of a server: by the recipe's own way of writing where it has that, and greedily otherwise. */
async function servedAnswers(run: PreparedRun, writer: ServedWriter, asked: readonly EncodedExample[]): Promise<string[]> {
  const { recipe, heldOut } = run;
  const { seed, evaluate: { decode } } = recipe;
  const texts = await servedTexts(run, heldOut, writer, asked, {
    seed, maxTokens: answerTokens(recipe, heldOut), temperature: decode.strategy === 'sample' ? decode.temperature : 0, topP: decode.topP,
  });
  return texts.map(({ text }) => text);
}

/** One evaluation as a run's recipe asks for it. @param examples  the first of those that are held out, at least one */
export async function evaluateRun(
  run: PreparedRun, { student, teacher }: Models, step: number, examples: readonly EncodedExample[], teacherAnswers: readonly string[] | null,
  { onProgress, onTexts = () => undefined, onPart }: Told, signal?: AbortSignal,
): Promise<Evaluation> {
  const { recipe: { evaluate }, method, questions } = run;
  const judge = teacher && evaluate.metrics.includes(ACCEPTANCE) ? { teacher: await teacher.model(), draftTokens: evaluate.draftTokens, eos: endTokens(run.teacher!) } : null;
  return evaluateStudent(student(), method.divergence === 'cross_entropy' ? null : teacher && teacher.judge, run.student.tokenizer, examples,
    { ...answerSettings(run, signal), step, loss: method, metrics: evaluate.metrics, teacherAnswers },
    onProgress, { judge, questions: questions && questions.slice(0, examples.length), onTexts, ...(onPart && { onPart }) });
}

function answerSettings({ recipe, heldOut, eos, sharedVocabulary }: PreparedRun, signal?: AbortSignal): AnswerSettings {
  const { seed, evaluate } = recipe;
  const maxNewTokens = answerTokens(recipe, heldOut);
  return {
    seed, eos, sharedVocabulary, maxNewTokens, decode: evaluate.decode, calculator: evaluate.calculator,
    maxLength: heldOut.maxPromptTokens + Math.max(maxNewTokens, heldOut.maxCompletionTokens), ...(signal && { signal }),
  };
}
