import { needsTeacher, type Method } from '../../contract/presets.ts';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { endTokens, openWholeModel, type Model } from '../load-model.ts';
import { findMetrics } from '../../metrics/score.ts';
import { holdOut, readExamples, takeShare, type EncodedExample } from '../examples.ts';
import { pair, sharedVocabulary, unsharedTokens } from '../model-pair.ts';
import { methodOf } from '../recipe-file.ts';

/** A recipe whose files have all been looked at: what a run is made from. Nothing has been written yet. */
export interface PreparedRun {
  recipe: Recipe;
  method: Method;
  student: Model;
  teacher: Model | null;
  train: EncodedExample[];
  validation: EncodedExample[];
  eos: ReadonlySet<number>;
  steps: number;
  microBatchSize: number;
  /** Ids that both models' tokenizers know. */
  sharedVocabulary: number;
  /** What the person should know before the start, though nothing forbids it. */
  warnings: { code: string; message: string }[];
}

/** Bytes of activations that one micro-batch may keep for its backward pass, if the recipe leaves its size open. */
const ACTIVATION_BUDGET = 2 ** 30;

/** Checks everything that can be checked before the long work. @throws Problem of kind input. */
export async function prepareRun(recipe: Recipe): Promise<PreparedRun> {
  const method = methodOf(recipe);
  const warnings: PreparedRun['warnings'] = [];
  if (recipe.student.device !== 'cpu') {
    throw new Problem(`student.device is "${recipe.student.device}": a student trains on the "cpu" in this version.`, { hint: 'A teacher may run on another device.' });
  }
  const student = await openWholeModel(recipe.student.model);
  const teacher = needsTeacher(method) ? await openTeacher(recipe, student) : null;
  const { maxPromptTokens, maxCompletionTokens } = recipe.data;
  for (const model of teacher ? [student, teacher] : [student]) checkContext(model, maxPromptTokens + maxCompletionTokens);

  const eos = endTokens(student);
  if (teacher && ![...endTokens(teacher)].some((id) => eos.has(id))) {
    warnings.push({
      code: 'eos',
      message: `Teacher and student end their texts with different tokens (${[...endTokens(teacher)].join(', ')} and ${[...eos].join(', ')}): the student may never learn to stop.`,
    });
  }
  const unshared = teacher && unsharedTokens({ teacher, student });
  if (unshared !== null) warnings.push({ code: 'vocabulary', message: unshared });

  const { train, validation } = await readData(recipe, method, student);
  checkMetrics(recipe, validation);
  const { batchSize } = recipe.train;
  const steps = stepsOf(recipe, train.length);
  const fitting = recipe.train.microBatchSize ?? fittingExamples(student, maxPromptTokens + maxCompletionTokens);
  // Micro-batches of one size: a remainder would cost a program of its own.
  const microBatchSize = Math.ceil(batchSize / Math.ceil(batchSize / Math.min(fitting, batchSize)));
  return {
    recipe, method, student, teacher, train, validation, eos, steps, warnings,
    microBatchSize,
    sharedVocabulary: sharedVocabulary(teacher ? [student, teacher] : [student]),
  };
}

async function readData({ data, seed }: Recipe, method: Method, student: Model): Promise<{ train: EncodedExample[]; validation: EncodedExample[] }> {
  if (data.validation !== undefined && data.validationShare !== undefined) {
    throw new Problem('data.validation and data.validationShare are both given.', { hint: 'Leave one of them out.' });
  }
  const needsCompletions = method.lambda < 1 && method.source === 'data';
  const all = await readExamples(data.train, { ...data, needsCompletions }, student);
  const { train, validation } = data.validationShare === undefined
    ? { train: all, validation: data.validation === undefined ? [] : await readExamples(data.validation, { ...data, needsCompletions: false }, student) }
    : holdOut(all, data.validationShare, seed);
  return { train: takeShare(train, data.fraction, seed), validation };
}

/** Refuses metrics that could not be measured when their time comes. */
function checkMetrics({ data, evaluate }: Recipe, validation: readonly EncodedExample[]): void {
  const metrics = evaluate.metrics.flatMap(findMetrics);
  if (metrics.length === 0) return;
  if (validation.length === 0) {
    throw new Problem(`evaluate.metrics names ${metrics[0]!.name}, and there are no held-out examples.`, {
      hint: 'Give data.validation or data.validationShare.',
    });
  }
  const needy = metrics.find(({ needsReference }) => needsReference);
  if (needy && validation.every(({ completionText }) => completionText === null)) {
    throw new Problem(`evaluate.metrics names ${needy.name}, which needs right answers, and no example of ${data.validation ?? data.train} has one.`, {
      hint: 'Give data.completion, or leave the metric out.',
    });
  }
}

async function openTeacher(recipe: Recipe, student: Model): Promise<Model> {
  if (!recipe.teacher) {
    throw new Problem(`teacher.model is missing: the method "${recipe.method.preset}" needs a teacher.`, {
      hint: 'Add "teacher": { "model": "..." }, or use the preset "sft".',
    });
  }
  return pair(student, await openWholeModel(recipe.teacher.model)).teacher;
}

/** A layer keeps about ten tensors as wide as the model and five as wide as its feed-forward for every token. */
function fittingExamples({ folder: { config } }: Model, length: number): number {
  const perToken = 4 * config.layers * (10 * config.hiddenSize + 5 * config.intermediateSize);
  return Math.max(1, Math.floor(ACTIVATION_BUDGET / (perToken * length)));
}

function checkContext({ folder, decoder }: Model, length: number): void {
  if (length <= decoder.contextLength) return;
  throw new Problem(
    `data.maxPromptTokens and data.maxCompletionTokens together are ${length} tokens, more than the context of ${decoder.contextLength} of ${folder.path}.`,
    { hint: 'Lower one of them.' });
}

function stepsOf({ train }: Recipe, examples: number): number {
  if (train.steps !== undefined && train.epochs !== undefined) {
    throw new Problem('train.steps and train.epochs are both given.', { hint: 'Leave one of them out.' });
  }
  if (train.steps !== undefined) return train.steps;
  if (train.epochs !== undefined) return Math.max(1, Math.ceil((train.epochs * examples) / train.batchSize));
  throw new Problem('train.steps is missing: the recipe does not say how long to train.', { hint: 'Give train.steps or train.epochs.' });
}
