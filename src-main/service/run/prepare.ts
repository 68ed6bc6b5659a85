import { needsTeacher, type Method } from '../../contract/presets.ts';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { ACCEPTANCE } from '../../metrics/acceptance.ts';
import { MULTIPLE_CHOICE } from '../../metrics/multiple-choice.ts';
import { lambdaAt } from '../../distill/mixture.ts';
import { checkCalculator } from '../check-calculator.ts';
import { encodeQuestions, type EncodedQuestion } from '../choose-answers.ts';
import { endTokens, openWholeModel, type Model } from '../load-model.ts';
import { givenText, type EncodedExample } from '../../text/encoded-example.ts';
import { cutTexts } from '../../text/cut-texts.ts';
import { allLengths, eachExample, firstExamples, NO_EXAMPLES, type ExampleSet } from '../../text/example-set.ts';
import { summarizeLengths } from '../../text/length-summary.ts';
import { holdOut, takeShare } from '../examples.ts';
import { pair, sharedVocabulary } from '../model-pair.ts';
import { methodOf } from '../recipe-file.ts';
import { readExamplesOnce } from '../remembered-examples.ts';
import { checkShotsApart } from '../shots-room.ts';
import { checkBest } from './check-best.ts';
import { checkDevices } from './check-devices.ts';
import { checkReward } from './check-reward.ts';
import { chooseMicroBatchSize } from './micro-batch-size.ts';
import { checkContext, checkMetrics, checkTokens, modelWarnings, type Warning } from './preflight.ts';

/** A recipe whose files have all been looked at: what a run is made from. Nothing has been written yet. */
export interface PreparedRun {
  recipe: Recipe;
  method: Method;
  student: Model;
  teacher: Model | null;
  train: ExampleSet;
  validation: ExampleSet;
  /** The validation examples that are evaluated, for the metric `multiple-choice`. */
  questions: EncodedQuestion[] | null;
  eos: ReadonlySet<number>;
  steps: number;
  microBatchSize: number;
  /** Ids that both models' tokenizers know. */
  sharedVocabulary: number;
  warnings: Warning[];
}

/** Checks everything that can be checked before the long work. @throws Problem of kind input; the reason of `signal`. */
export async function prepareRun(recipe: Recipe, signal?: AbortSignal): Promise<PreparedRun> {
  const method = methodOf(recipe);
  const student = await openWholeModel(recipe.student.model);
  const teacher = needsTeacher(method) || isDraftJudged(recipe) ? await openTeacher(recipe, student) : null;
  const models = teacher ? [student, teacher] : [student];
  for (const model of models) checkContext(recipe, model);
  await checkDevices(recipe);
  const eos = endTokens(student);
  const shared = sharedVocabulary(models);
  const { train, validation } = await readData(recipe, method, student, shared, signal);
  checkMetrics(recipe, validation);
  checkBest(recipe, method, validation);
  checkCalculator(recipe.evaluate, student);
  const evaluated = await firstExamples(validation, recipe.evaluate.examples);
  await checkShotsApart(recipe.data.validation ?? recipe.data.train, evaluated, recipe.data);
  const questions = recipe.evaluate.metrics.includes(MULTIPLE_CHOICE) ? questionsOf(recipe, evaluated, student, shared) : null;
  if (method.preset === 'rl-gkd') await checkRewards(recipe, method, train);
  const steps = stepsOf(recipe, train.count * method.samplesPerPrompt);
  return {
    recipe, method, student, teacher, train, validation, questions, eos, steps,
    microBatchSize: await chooseMicroBatchSize(recipe, student, train, method.samplesPerPrompt),
    sharedVocabulary: shared,
    warnings: [...await modelWarnings(recipe, student, teacher), ...textWarnings(recipe, { train, validation })],
  };
}

function textWarnings({ data }: Recipe, { train, validation }: Pick<PreparedRun, 'train' | 'validation'>): Warning[] {
  return [...cutTexts(summarizeLengths(allLengths(train)), data, 'training'), ...cutTexts(summarizeLengths(allLengths(validation)), data, 'held-out')];
}

async function checkRewards({ train: { batchSize }, data }: Recipe, { reward, samplesPerPrompt }: Method, train: ExampleSet): Promise<void> {
  if (!reward) {
    throw new Problem('method.reward is missing: the method "rl-gkd" needs something that values a completion.', {
      hint: 'Add "reward": { "kind": "exact" } or another of those in docs/recipe.md, or use the preset "gkd".',
    });
  }
  if (batchSize % samplesPerPrompt !== 0) {
    throw new Problem(`method.samplesPerPrompt is ${samplesPerPrompt}, which does not divide train.batchSize, ${batchSize}.`, {
      hint: 'A batch holds so many texts for each of its prompts: choose a multiple.',
    });
  }
  await checkReward(reward, data.train, train);
}

async function readData(
  { data, seed }: Recipe, method: Method, student: Model, shared: number, signal: AbortSignal | undefined,
): Promise<Pick<PreparedRun, 'train' | 'validation'>> {
  if (data.validation !== undefined && data.validationShare !== undefined) {
    throw new Problem('data.validation and data.validationShare are both given.', { hint: 'Leave one of them out.' });
  }
  // Lambda may rise to 1 from less.
  const needsCompletions = lambdaAt(method, 1) < 1 && method.source === 'data';
  const read = async (path: string, settings: { needsCompletions: boolean }): Promise<ExampleSet> => {
    const examples = await readExamplesOnce(path, { ...data, ...settings }, student, signal);
    for await (const example of eachExample(examples)) checkTokens(path, [example, givenText(example)], student, shared);
    return examples;
  };
  const all = await read(data.train, { needsCompletions });
  const { train, validation } = data.validationShare === undefined
    ? { train: all, validation: data.validation === undefined ? NO_EXAMPLES : await read(data.validation, { needsCompletions: false }) }
    : holdOut(all, data.validationShare, seed);
  return { train: takeShare(train, data.fraction, seed), validation };
}

function questionsOf({ data, evaluate }: Recipe, examples: readonly EncodedExample[], student: Model, shared: number): EncodedQuestion[] {
  const path = data.validation ?? data.train;
  const questions = encodeQuestions(examples, path, {
    choices: evaluate.choices, answer: data.messages === undefined ? data.completion : undefined, maxPromptTokens: data.maxPromptTokens,
  }, student);
  checkTokens(path, questions.flatMap(({ texts }) => texts), student, shared);
  return questions;
}

/** Whether a teacher is wanted for the student's drafts, whatever the method needs. */
const isDraftJudged = ({ evaluate }: Recipe): boolean => evaluate.metrics.includes(ACCEPTANCE);

async function openTeacher(recipe: Recipe, student: Model): Promise<Model> {
  if (!recipe.teacher) {
    const [what, instead] = isDraftJudged(recipe) ? ['the metric "acceptance"', 'leave the metric out'] : [`the method "${recipe.method.preset}"`, 'use the preset "sft"'];
    throw new Problem(`teacher.model is missing: ${what} needs a teacher.`, { hint: `Add "teacher": { "model": "..." }, or ${instead}.` });
  }
  return pair(student, await openWholeModel(recipe.teacher.model)).teacher;
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
