import { needsTeacher } from '../../../contract/presets.ts';
import { Problem } from '../../../contract/problem.ts';
import type { DataSettings, Recipe } from '../../../contract/recipe.ts';
import type { Material } from '../../../checks/needs.ts';
import { shippingOf } from '../../../distill/shipping/ship.ts';
import { shippingPlan } from '../../../export/shipping-plan.ts';
import { lambdaAt } from '../../../distill/mixture.ts';
import { localTeacher } from '../../../contract/local-teacher.ts';
import { environmentKey } from '../../../remote/server.ts';
import { ACCEPTANCE } from '../../../metrics/acceptance.ts';
import { MULTIPLE_CHOICE } from '../../../metrics/multiple-choice.ts';
import { endTokens, openWholeModel, type Model } from '../../../model/load-model.ts';
import { trainedAdapter } from '../../../model/adapter/trained-adapter.ts';
import { refuseOnlyTeaches } from '../../../model/only-teaches.ts';
import { anyPair, sharedVocabulary } from '../../../model/model-pair.ts';
import { alignModels } from '../../../model/align-models.ts';
import { givenText, type EncodedExample, type GivenText } from '../../../text/encoded-example.ts';
import { eachExample, firstExamples, NO_EXAMPLES, type ExampleSet } from '../../../text/example-set.ts';
import { rowName } from '../../../data/read.ts';
import { encodeQuestions, type EncodedQuestion } from '../../evaluate/choose-answers.ts';
import { holdOut, takeShare } from '../../examples/examples.ts';
import { methodOf } from '../../recipe/recipe-file.ts';
import { memoryOf } from './memory.ts';
import { readExamplesOnce } from '../../examples/remembered-examples.ts';
import { notePrompts } from '../../examples/note-prompts.ts';

/** What a run is made from, with what only the run itself needs. */
export interface RunMaterial extends Material {
  /** The validation examples that are evaluated, for the metric `multiple-choice`; null without it. */
  questions(): Promise<EncodedQuestion[] | null>;
}

export interface MaterialOptions {
  signal?: AbortSignal | undefined;
  /** The day the run began. */
  today?: Date | undefined;
  serverKey?: string | null | undefined;
  /** Of a stage: what the whole recipe says of held-out rows. Left out, the recipe's own data says it. */
  heldOut?: DataSettings;
  /** Opens models, where somebody else has them already. */
  open?: (path: string) => Promise<Model>;
}

/** Opens the models of a recipe without stages and encodes its data, each when it is first asked for. */
export function materialOf(recipe: Recipe, runDir: string, { signal, today, serverKey = environmentKey(), open = openWholeModel, heldOut = recipe.data }: MaterialOptions = {}): RunMaterial {
  const method = once(async () => methodOf(recipe));
  const student = once(async () => {
    const model = await open(recipe.student.model);
    refuseOnlyTeaches(recipe.student.model, model.folder.config, 'it cannot be the student, nor the base beneath an adapter');
    return model;
  });
  const teacher = once(async () => (needsTeacher(await method()) || isDraftJudged(recipe) ? openTeacher(recipe, open) : null));
  const models = once(async () => {
    const [learner, judge] = [await student(), await teacher()];
    return judge && anyPair(learner, judge) ? [learner, judge] : [learner];
  });
  const hasOtherTokens = once(async () => {
    const [learner, judge] = await models();
    return judge !== undefined && !anyPair(learner!, judge).hasSameTokens;
  });
  // With other tokens than the teacher's the student speaks of all its own.
  const shared = once(async () => sharedVocabulary(await hasOtherTokens() ? [await student()] : await models()));
  const read = async (path: string, view: DataSettings, needsCompletions: boolean): Promise<ExampleSet> => {
    const model = await student();
    const examples = await readExamplesOnce(path, { ...view, needsCompletions, today }, model, signal);
    const known = await shared();
    for await (const example of eachExample(examples)) refuseUnknown(path, [example, givenText(example)], model, known);
    return examples;
  };
  const { data, evaluate, seed } = recipe;
  const adapter = once(async () => trainedAdapter((await student()).folder, recipe.student));
  const shipping = once(async () => (recipe.student.ship === undefined ? null : shippingOf((await student()).folder.config, await shippingPlan((await student()).folder.config, recipe.student.ship))));
  // Lambda may rise to 1 from less.
  const all = once(async () => {
    if (heldOut.validation !== undefined && heldOut.validationShare !== undefined) {
      throw new Problem('data.validation and data.validationShare are both given.', { hint: 'Leave one of them out.' });
    }
    const chosen = await method();
    return read(data.train, data, lambdaAt(chosen, 1) < 1 && chosen.source === 'data');
  });
  // What is held out of a file is trained on by nobody who reads it.
  const rest = once(async () => (heldOut.validationShare === undefined || data.train !== heldOut.train ? all() : holdOut(await all(), heldOut.validationShare, seed).train));
  const train = once(async () => takeShare(await rest(), data.fraction, seed));
  const validation = once(async () => {
    const { validation: file, validationShare: share } = heldOut;
    if (share === undefined) return file === undefined ? NO_EXAMPLES : read(file, heldOut, false);
    return holdOut(await (data === heldOut ? all() : read(heldOut.train, heldOut, false)), share, seed).validation;
  });
  const isChat = data.chat || data.messages !== undefined;
  const alignment = once(async () => {
    if (!await hasOtherTokens()) return null;
    const [learner, judge] = await models();
    const aligned = await alignModels(learner!, judge!, isChat);
    for (const { path, view, examples } of [{ path: data.train, view: data, examples: await train() }, { path: heldOut.validation ?? heldOut.train, view: heldOut, examples: await validation() }]) {
      await notePrompts(aligned, judge!, path, { ...view, needsCompletions: false, today }, examples, signal);
    }
    return aligned;
  });
  const evaluated = once(async () => firstExamples(await validation(), evaluate.examples));
  return {
    recipe: () => Promise.resolve(recipe), heldOut: () => Promise.resolve(heldOut), runDir: () => Promise.resolve(runDir),
    serverKey: () => Promise.resolve(serverKey),
    method, student, adapter, shipping, teacher, models, sharedVocabulary: shared, alignment, train, validation, evaluated,
    eos: once(async () => endTokens(await student())),
    steps: once(async () => stepsOf(recipe, (await train()).count * (await method()).samplesPerPrompt)),
    memory: once(() => memoryOf(recipe, { method, student, adapter, shipping, teacher, sharedVocabulary: shared, alignment, train, validation, heldOut: () => Promise.resolve(heldOut) })),
    questions: once(async () => (evaluate.metrics.includes(MULTIPLE_CHOICE) ? questionsOf(heldOut, evaluate, await evaluated(), await student(), await shared()) : null)),
  };
}

/** The first answer, whoever asks again. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => answer ??= work();
}

/** Whether a teacher is wanted for the student's drafts, whatever the method needs. */
const isDraftJudged = ({ evaluate }: Recipe): boolean => evaluate.metrics.includes(ACCEPTANCE);

async function openTeacher(recipe: Recipe, open: (path: string) => Promise<Model>): Promise<Model | null> {
  if (recipe.teacher?.server) return null;
  const local = localTeacher(recipe);
  if (local) return open(local.model);
  const [what, instead] = isDraftJudged(recipe) ? ['the metric "acceptance"', 'leave the metric out'] : [`the method "${recipe.method.preset}"`, 'use the preset "sft"'];
  throw new Problem(`teacher.model is missing: ${what} needs a teacher.`, { hint: `Add "teacher": { "model": "..." }, or ${instead}.` });
}

/** Refuses texts with tokens that not every model knows. @param shared  ids below it are known to all of them */
function refuseUnknown(path: string, examples: readonly Pick<GivenText, 'index' | 'prompt' | 'completion'>[], { tokenizer }: Model, shared: number): void {
  for (const { index, prompt, completion } of examples) {
    const unknown = prompt.find((id) => id >= shared) ?? completion.find((id) => id >= shared);
    if (unknown === undefined) continue;
    throw new Problem(`${rowName(path, index)} holds ${JSON.stringify(tokenizer.tokenOf(unknown))}, a token (id ${unknown}) that not every model of the run knows.`, {
      hint: 'Take it out of the texts, or choose models with the same tokens.',
    });
  }
}

function questionsOf(data: DataSettings, evaluate: Recipe['evaluate'], examples: readonly EncodedExample[], student: Model, shared: number): EncodedQuestion[] {
  const path = data.validation ?? data.train;
  const questions = encodeQuestions(examples, path, {
    choices: evaluate.choices, answer: data.messages === undefined ? data.completion : undefined, maxPromptTokens: data.maxPromptTokens,
  }, student);
  refuseUnknown(path, questions.flatMap(({ texts }) => texts), student, shared);
  return questions;
}

/** @param texts  in one pass over the training data */
export function stepsOf({ train }: Recipe, texts: number): number {
  if (train.steps !== undefined && train.epochs !== undefined) {
    throw new Problem('train.steps and train.epochs are both given.', { hint: 'Leave one of them out.' });
  }
  if (train.steps !== undefined) return train.steps;
  if (train.epochs !== undefined) return Math.max(1, Math.ceil((train.epochs * texts) / train.batchSize));
  throw new Problem('train.steps is missing: the recipe does not say how long to train.', { hint: 'Give train.steps or train.epochs.' });
}
