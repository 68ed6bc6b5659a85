import { Problem } from '../contract/problem.ts';
import type { Commands } from '../contract/worker.ts';
import type { CommandEvent, Params, Result } from '../contract/worker-host.ts';
import type { Score } from '../contract/events.ts';
import type { WritingModel } from '../decode/speculative-writer.ts';
import { FrozenModel } from '../distill/frozen-model.ts';
import { ACCEPTANCE, scoreDrafting, scoreSpeed } from '../metrics/acceptance.ts';
import { MULTIPLE_CHOICE } from '../metrics/multiple-choice.ts';
import { PERPLEXITY, scorePerplexity } from '../metrics/perplexity.ts';
import { findMetrics, needsReferences, scoreAll } from '../metrics/score.ts';
import { firstExamples } from '../text/example-set.ts';
import { writeAnswers } from './answers.ts';
import { encodeQuestions, scoreQuestions } from './choose-answers.ts';
import { answerAlone, draftAnswers, type DraftingSettings } from './drafting.ts';
import { checkCalculator } from '../checks/calculator.ts';
import { judgeCompletions } from './judge-completions.ts';
import { givenText, type EncodedExample } from '../text/encoded-example.ts';
import { endTokens, executorFor, openWeights, openWholeModel, type Model } from '../model/load-model.ts';
import { textWarnings, variableWarnings } from './text-warnings.ts';
import { longestText } from './longest-text.ts';
import { pair, type ModelPair } from '../model/model-pair.ts';
import { readExamplesOnce } from './remembered-examples.ts';
import { checkShotsFit, type PromptRoom } from './shots-room.ts';
import { refuseDraftsOf } from '../checks/drafting.ts';
import { refuseKnownShots } from '../checks/shots-apart.ts';

type Parameters = Params<Commands, 'evaluate'>;
type Tell = (done: number, total: number) => void;

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
  }, model);
  for (const warning of [...textWarnings(all, params.data, { maxPromptTokens: Infinity, maxCompletionTokens: Infinity }), ...await variableWarnings(params.template, model)]) emit(warning);
  const examples = await firstExamples(all, params.examples);
  await refuseKnownShots(params.data, examples, fields);
  if (used.length > 0) checkShotsFit(params.data, examples, roomBeside(params.maxNewTokens, model));
  const questions = !params.metrics.includes(MULTIPLE_CHOICE) ? null : encodeQuestions(examples, params.data, {
    choices: params.choices ?? undefined, answer: params.reference ?? undefined, maxPromptTokens: Infinity,
  }, model);
  const writing = await inMemory(model, params);
  const tell: Tell = (done, total) => emit({ event: 'phase', phase: 'evaluate', done, total });
  const metrics: Record<string, Score> = {};
  if (used.length > 0) {
    const predictions = await writeAnswers(writing, model.tokenizer, examples, {
      ...params, signal, eos: endTokens(model), maxLength: longestText(examples, params.maxNewTokens, model, params.data),
      sharedVocabulary: Math.min(model.decoder.vocabSize, model.tokenizer.vocabularySize),
    }, (done) => tell(done, examples.length));
    for (const prediction of predictions) emit({ event: 'prediction', ...prediction });
    Object.assign(metrics, scoreAll(params.metrics, predictions, params.seed));
  }
  const reader = new FrozenModel(writing.executor, writing.decoder, writing.weights);
  try {
    if (params.metrics.includes(PERPLEXITY)) metrics[PERPLEXITY] = await readReferences(params, model, reader, examples, signal, tell);
    if (questions) Object.assign(metrics, await scoreQuestions(reader, questions, params.seed, {
      signal, onDone: (done) => tell(done, questions.reduce((sum, { texts }) => sum + texts.length, 0)),
    }));
  } finally {
    await reader.release();
  }
  if (models) Object.assign(metrics, await scoreDrafts(params, models, writing, examples, signal, tell));
  return {
    examples: examples.length, metrics,
    signatures: Object.fromEntries(used.flatMap(({ name, signature }) => (signature === undefined ? [] : [[name, signature]]))),
  };
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
  { data, seed }: Parameters, model: Model, reader: FrozenModel, examples: readonly EncodedExample[], signal: AbortSignal, tell: Tell,
): Promise<Score> {
  const texts = examples.filter(({ completion }) => completion.length > 0).map(givenText);
  longestText(texts, Math.max(...texts.map(({ completion }) => completion.length)), model, data);
  const judged = await judgeCompletions(reader, null, texts, { signal, onDone: (done) => tell(done, texts.length) });
  return scorePerplexity(judged, seed);
}

/** The rate at which the teacher accepts the model's drafts, and how much sooner its text is there. */
async function scoreDrafts(
  params: Parameters, { teacher, student, sharedVocabulary }: ModelPair, drafting: WritingModel, examples: readonly EncodedExample[], signal: AbortSignal, tell: Tell,
): Promise<Record<string, Score>> {
  const settings: DraftingSettings = {
    ...params, signal, eos: endTokens(teacher), sharedVocabulary,
    maxLength: Math.max(...[student, teacher].map((one) => longestText(examples, params.maxNewTokens, one, params.data))),
  };
  const judge = await inMemory(teacher, params);
  const total = 2 * examples.length;
  const drafted = await draftAnswers(judge, drafting, examples, settings, (done) => tell(done, total));
  const alone = await answerAlone(judge, examples, settings, (done) => tell(examples.length + done, total));
  return { ...scoreDrafting(drafted, params.seed), ...scoreSpeed(alone, drafted, params.seed) };
}

async function inMemory(model: Model, { device }: Pick<Parameters, 'device'>): Promise<WritingModel> {
  const executor = executorFor(device);
  return { executor, ...await openWeights(model, executor) };
}
