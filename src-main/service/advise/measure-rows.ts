import type { Tokenizer } from '../../text/tokenizer/tokenizer.ts';
import { inTokensOfTeacher } from '../run/teacher/teacher-voice.ts';
import { answerTokens } from '../../contract/longest-texts.ts';
import { decodeSchema, type DataSettings, type DecodeSettings } from '../../contract/recipe.ts';
import type { OwnText } from '../../distill/cannot-write.ts';
import { givenText, type EncodedExample, type GivenText } from '../../text/encoded-example.ts';
import { writeAnswers, type AnswerSettings } from '../evaluate/answers.ts';
import { judgeCompletions, type Comparison } from '../evaluate/judge-completions.ts';
import type { BuiltRun } from '../run/build-trainer.ts';
import type { PreparedRun } from '../run/look/prepare.ts';
import { servedTexts } from '../run/teacher/served-texts.ts';
import { compareTexts } from './compare-texts.ts';
import type { Answers, RowFacts } from './facts.ts';

/** Answers are not tried at more than twice their room beyond this. */
const LONG = 512;

/** What rows tell of a run's models as they are now. */
export async function measureRows(run: PreparedRun, built: BuiltRun, examples: readonly EncodedExample[], signal: AbortSignal): Promise<RowFacts> {
  const { method, sharedVocabulary, recipe } = run;
  const student = built.student();
  const given = examples.filter(({ completion }) => completion.length > 0).map(givenText);
  const loss: Comparison['loss'] = method.divergence === 'cross_entropy' ? { ...method, divergence: 'forward_kl' } : method;
  const comparison: Comparison | null = asksTokens(run) && built.teacher ? { teacher: built.teacher.judge, loss, sharedVocabulary } : null;
  const settings = writingSettings(run, recipe.evaluate.decode, recipe.evaluate.calculator, signal);
  const own = (await writeWith(run.student.tokenizer, student.voice, examples, { ...settings, maxNewTokens: recipe.data.maxCompletionTokens, calculator: false, decode: asInTraining(method.samplingTemperature) })).texts;
  const ownGiven = own.map(({ tokens }, at): GivenText => ({ index: examples[at]!.index, prompt: examples[at]!.prompt, completion: Int32Array.from(tokens), learned: null }));
  const room = roomOfTeacher(run, settings.maxNewTokens);
  return {
    rows: examples.length, teacherRoom: room,
    given: await judgeCompletions(student, null, given, { signal }),
    compared: comparison && await compareTexts(student, comparison, given, signal),
    own, ownCompared: comparison && await compareTexts(student, comparison, ownGiven, signal),
    student: await writeWith(run.student.tokenizer, student.voice, examples, settings),
    teacher: built.teacher && await teacherAnswers(run, built.teacher, examples, settings, room),
  };
}

/** Whether the teacher can be asked about tokens: a server of a method that only wants texts is not. */
const asksTokens = ({ recipe, method }: PreparedRun): boolean => !recipe.teacher?.server || method.divergence !== 'cross_entropy';

/** As training lets the student write. */
const asInTraining = (temperature: number): DecodeSettings => decodeSchema.parse({ strategy: 'sample', temperature });

/** With room for an answer as in an evaluation and as in training, behind the longest prompt of the rows. */
function writingSettings(run: PreparedRun, decode: DecodeSettings, calculator: boolean, signal: AbortSignal): AnswerSettings {
  const { recipe, heldOut, eos, sharedVocabulary } = run;
  const maxNewTokens = answerTokens(recipe, heldOut);
  const longest = Math.max(maxNewTokens, heldOut.maxCompletionTokens, recipe.data.maxCompletionTokens);
  return { seed: recipe.seed, eos, sharedVocabulary, decode, calculator, maxNewTokens, maxLength: viewOf(run).maxPromptTokens + longest, signal };
}

/** How the rows became texts: held-out ones by the whole recipe's data, in every stage. */
const viewOf = ({ recipe, heldOut, validation }: PreparedRun): DataSettings => (validation.count > 0 ? heldOut : recipe.data);

async function writeWith(tokenizer: Tokenizer, voice: Parameters<typeof writeAnswers>[0], examples: readonly EncodedExample[], settings: AnswerSettings): Promise<Answers> {
  let texts: OwnText[] = [];
  const begun = performance.now();
  const predictions = await writeAnswers(voice, tokenizer, examples, settings, undefined, (written) => { texts = written; });
  return { texts, predictions, ms: performance.now() - begun };
}

/** Tokens that the teacher may write: twice as many as the recipe allows, where that is not long, so that it is seen where its texts would end. */
function roomOfTeacher(run: PreparedRun, wanted: number): number {
  const most = (run.teacher?.decoder.contextLength ?? Infinity) - viewOf(run).maxPromptTokens;
  return Math.max(wanted, Math.min(2 * wanted, Math.max(wanted, LONG), most));
}

/** Null where the teacher is asked about tokens alone. */
async function teacherAnswers(run: PreparedRun, teacher: NonNullable<BuiltRun['teacher']>, examples: readonly EncodedExample[], settings: AnswerSettings, room: number): Promise<Answers | null> {
  const { student: { tokenizer } } = run;
  if (!teacher.writer) {
    const own = inTokensOfTeacher(run, examples, { ...settings, maxNewTokens: room, maxLength: viewOf(run).maxPromptTokens + room });
    const answers = await writeWith(own.tokenizer, (await teacher.model()).voice, own.examples, own.settings);
    await teacher.judge.rest();
    return cutTo(settings.maxNewTokens, answers, (tokens) => own.tokenizer.decode([...tokens], { skipSpecial: true }));
  }
  const { decode, seed } = settings;
  const begun = performance.now();
  const texts = await servedTexts(run, viewOf(run), teacher.writer, examples, { seed, maxTokens: room, temperature: decode.strategy === 'sample' ? decode.temperature : 0, topP: decode.topP });
  const predictions = examples.map(({ promptText, completionText }, at) => ({ prompt: promptText, prediction: texts[at]!.text, reference: completionText }));
  return cutTo(settings.maxNewTokens, { texts, predictions, ms: performance.now() - begun }, (tokens) => tokenizer.decode([...tokens], { skipSpecial: true }));
}

/** Answers are judged as far as the recipe lets them be. */
function cutTo(most: number, { texts, predictions, ms }: Answers, textOf: (tokens: readonly number[]) => string): Answers {
  return {
    texts, ms,
    predictions: predictions.map((prediction, at) => {
      const { tokens } = texts[at]!;
      return tokens.length <= most ? prediction : { ...prediction, prediction: textOf(Array.from(tokens).slice(0, most)) };
    }),
  };
}
