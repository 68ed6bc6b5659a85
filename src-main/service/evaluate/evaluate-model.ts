import { Problem } from '../../contract/problem.ts';
import type { Commands } from '../../contract/worker.ts';
import type { CommandEvent, Params, Result } from '../../contract/worker-host.ts';
import type { Score } from '../../contract/events.ts';
import type { WritingModel } from '../../decode/speculative-writer.ts';
import { FrozenModel } from '../../distill/frozen-model.ts';
import { ACCEPTANCE, RunningDrafts, RunningSpeed } from '../../metrics/acceptance.ts';
import { MULTIPLE_CHOICE, RunningChoices } from '../../metrics/multiple-choice.ts';
import { PERPLEXITY, perplexityOf } from '../../metrics/perplexity.ts';
import { findMetrics, needsReferences, RunningScores } from '../../metrics/score.ts';
import { Statistics } from '../../metrics/statistics.ts';
import { partsOf } from '../../text/example-set.ts';
import type { ExampleFields } from '../../text/examples.ts';
import { writeAnswers } from './answers.ts';
import { encodeQuestions, judgeChoices, type EncodedQuestion } from './choose-answers.ts';
import { answerAlone, draftAnswers, type DraftingSettings } from './drafting.ts';
import { checkCalculator } from '../../checks/calculator.ts';
import { judgeCompletions } from './judge-completions.ts';
import { givenText, type EncodedExample } from '../../text/encoded-example.ts';
import { endTokens, executorFor, openWeights, openWholeModel, type Model } from '../../model/load-model.ts';
import { columnWarnings, textWarnings, variableWarnings } from '../examples/text-warnings.ts';
import { longestText } from '../examples/longest-text.ts';
import { pair, type ModelPair } from '../../model/model-pair.ts';
import { readExamplesOnce } from '../examples/remembered-examples.ts';
import { ShotsFit, type PromptRoom } from '../examples/shots-room.ts';
import { refuseDraftsOf } from '../../checks/drafting.ts';
import { refuseKnownShots } from '../../checks/shots-apart.ts';

type Parameters = Params<Commands, 'evaluate'>;
type Tell = (done: number, total: number) => void;

/** Examples that are answered before the next are read: their order within, by length, is the batches'. */
const PART = 4096;

/** Scores a model on a data file: by answers that it writes to every prompt, and by what it is to a teacher. */
export async function evaluateModel(
  params: Parameters, signal: AbortSignal, emit: (event: CommandEvent<Commands, 'evaluate'>) => void,
): Promise<Result<Commands, 'evaluate'>> {
  const used = params.metrics.flatMap(findMetrics);
  for (const name of [PERPLEXITY, MULTIPLE_CHOICE]) if (params.metrics.includes(name) && params.reference === null && params.messages == null) throw needsReferences(name);
  const judge = await openTeacher(params);
  const model = await openWholeModel(params.model);
  const models = judge && pair(model, judge);
  if (params.calculator && used.length === 0) throw new Problem('A calculator is asked for, and no metric has the model write answers.', { hint: 'Add one such as accuracy, or leave the calculator out.' });
  checkCalculator(params, model);
  const fields = { prompt: params.prompt ?? undefined, completion: params.reference ?? undefined, messages: params.messages ?? undefined, tools: params.tools ?? undefined, template: params.template, shots: params.shots ?? undefined };
  const all = await readExamplesOnce(params.data, {
    ...fields, chat: params.chat, system: undefined,
    maxPromptTokens: Infinity, maxCompletionTokens: Infinity, needsCompletions: params.reference !== null && params.messages == null, most: params.examples,
  }, model, signal);
  for (const warning of [...textWarnings(all, params.data, { maxPromptTokens: Infinity, maxCompletionTokens: Infinity }), ...await columnWarnings(fields, all), ...await variableWarnings(params.template, model)]) emit(warning);
  const count = Math.min(params.examples ?? all.count, all.count);
  const parts = (): AsyncGenerator<EncodedExample[]> => partsOf(all, count, PART);
  if (params.shots) await checkShots(params, parts(), fields, used.length > 0 ? roomBeside(params.maxNewTokens, model) : null);
  const questionsIn = (part: readonly EncodedExample[]): EncodedQuestion[] => encodeQuestions(part, params.data, {
    choices: params.choices ?? undefined, answer: params.reference ?? undefined, maxPromptTokens: Infinity,
  }, model);
  let choices = 0;
  // All are looked at before the first is asked.
  if (params.metrics.includes(MULTIPLE_CHOICE)) for await (const part of parts()) for (const { texts } of questionsIn(part)) choices += texts.length;
  const reader = await inMemory(model, params);
  const tell: Tell = (done, total) => emit({ event: 'phase', phase: 'evaluate', done, total });
  const metrics: Record<string, Score> = {};
  try {
    if (used.length > 0) {
      const maxLength = await longestIn(parts(), [model], params);
      const scores = new RunningScores(params.metrics);
      let before = 0;
      for await (const part of parts()) {
        const predictions = await writeAnswers(reader.voice, model.tokenizer, part, {
          ...params, signal, eos: endTokens(model), maxLength, sharedVocabulary: Math.min(model.decoder.vocabSize, model.tokenizer.vocabularySize),
        }, (done) => tell(before + done, count));
        if (params.tellsAnswers !== false) for (const prediction of predictions) emit({ event: 'prediction', ...prediction });
        scores.add(predictions);
        before += part.length;
      }
      Object.assign(metrics, scores.all(params.seed));
    }
    if (params.metrics.includes(PERPLEXITY)) metrics[PERPLEXITY] = await readReferences(params, model, reader, parts(), count, signal, tell);
    if (choices > 0) Object.assign(metrics, await chooseAnswers(reader, parts(), questionsIn, params, signal, (done) => tell(done, choices)));
    if (models) Object.assign(metrics, await scoreDrafts(params, models, reader.voice, parts, count, signal, tell));
  } finally {
    await reader.release();
  }
  return {
    examples: count, metrics,
    signatures: Object.fromEntries(used.flatMap(({ name, signature }) => (signature === undefined ? [] : [[name, signature]]))),
  };
}

/** Refuses examples that are shots themselves, and prompts that have no room beside them. */
async function checkShots({ data }: Parameters, parts: AsyncIterable<EncodedExample[]>, fields: Pick<ExampleFields, 'shots' | 'prompt' | 'completion' | 'messages'>, room: PromptRoom | null): Promise<void> {
  const fit = room && new ShotsFit(room);
  for await (const part of parts) {
    await refuseKnownShots(data, part, fields);
    fit?.add(part);
  }
  fit?.check(data);
}

/** What a model's context leaves for a prompt. */
function roomBeside(newTokens: number, { decoder: { contextLength }, folder }: Model): PromptRoom {
  return {
    tokens: (contextLength ?? Infinity) - newTokens,
    name: `what ${newTokens} new tokens leave of the context of ${contextLength} of ${folder.path}`,
    hint: () => 'Give fewer or shorter shots, or lower --max-new-tokens.',
  };
}

/** Whom the model drafts for, where it shall; looked at before anything long is begun. */
async function openTeacher(params: Parameters): Promise<Model | null> {
  if (!params.metrics.includes(ACCEPTANCE)) {
    if (params.teacher !== null) throw new Problem(`A teacher is given, and no metric needs one.`, { hint: `Add the metric "${ACCEPTANCE}", or leave --teacher out.` });
    return null;
  }
  if (params.teacher === null) throw new Problem(`The metric "${ACCEPTANCE}" needs a teacher for whom the model drafts.`, { hint: 'Name its folder: --teacher.' });
  refuseDraftsOf(params);
  return openWholeModel(params.teacher);
}

/** How likely the references are to the model, without a word written. */
async function readReferences(
  { data, seed }: Parameters, model: Model, reader: FrozenModel, parts: AsyncIterable<readonly EncodedExample[]>, count: number, signal: AbortSignal, tell: Tell,
): Promise<Score> {
  const judged = new Statistics();
  let before = 0;
  for await (const part of parts) {
    const texts = part.filter(({ completion }) => completion.length > 0).map(givenText);
    longestText(texts, texts.reduce((longest, { completion }) => Math.max(longest, completion.length), 0), model, data);
    for (const { loss, tokens } of await judgeCompletions(reader, null, texts, { signal, onDone: (done) => tell(before + done, count) })) judged.add([loss, tokens]);
    before += part.length;
  }
  if (judged.length === 0) throw needsReferences(PERPLEXITY);
  return perplexityOf(judged, seed);
}

/** How often the right choice is the likeliest. */
async function chooseAnswers(
  reader: FrozenModel, parts: AsyncIterable<readonly EncodedExample[]>, questionsIn: (part: readonly EncodedExample[]) => EncodedQuestion[],
  { seed }: Parameters, signal: AbortSignal, tell: (done: number) => void,
): Promise<Record<string, Score>> {
  const chosen = new RunningChoices();
  let before = 0;
  for await (const part of parts) {
    const questions = questionsIn(part);
    chosen.add(await judgeChoices(reader, questions, { signal, onDone: (done) => tell(before + done) }));
    before += questions.reduce((sum, { texts }) => sum + texts.length, 0);
  }
  return chosen.all(seed);
}

/** The rate at which the teacher accepts the model's drafts, and how much sooner its text is there. */
async function scoreDrafts(
  params: Parameters, { teacher, student, sharedVocabulary }: ModelPair, drafting: WritingModel, parts: () => AsyncIterable<EncodedExample[]>, count: number,
  signal: AbortSignal, tell: Tell,
): Promise<Record<string, Score>> {
  const settings: DraftingSettings = { ...params, signal, eos: endTokens(teacher), sharedVocabulary, maxLength: await longestIn(parts(), [student, teacher], params) };
  const judge = await inMemory(teacher, params);
  const [drafts, speed] = [new RunningDrafts(), new RunningSpeed()];
  let before = 0;
  const telling = (done: number): void => tell(before + done, 2 * count);
  try {
    for await (const part of parts()) {
      const drafted = await draftAnswers(judge.voice, drafting, part, settings, telling);
      before += part.length;
      speed.add(await answerAlone(judge.voice, part, settings, telling), drafted);
      before += part.length;
      drafts.add(drafted);
    }
  } finally {
    await judge.release();
  }
  return { ...drafts.all(params.seed), ...speed.all(params.seed) };
}

/** Length of the longest prompt with its answer. @throws Problem where that is more than the context of one of the models */
async function longestIn(parts: AsyncIterable<readonly EncodedExample[]>, models: readonly Model[], { maxNewTokens, data }: Parameters): Promise<number> {
  let longest = 0;
  for await (const part of parts) longest = Math.max(longest, ...models.map((model) => longestText(part, maxNewTokens, model, data)));
  return longest;
}

async function inMemory(model: Model, { device }: Pick<Parameters, 'device'>): Promise<FrozenModel> {
  const executor = executorFor(device);
  const { decoder, weights, release } = await openWeights(model, executor);
  return new FrozenModel(executor, decoder, weights, { letGo: release });
}
