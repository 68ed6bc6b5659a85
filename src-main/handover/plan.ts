import type { Method } from '../contract/presets.ts';
import { Problem } from '../contract/problem.ts';
import type { Recipe } from '../contract/recipe.ts';

/** The method in TRL's words: what `trainers.py` reads. */
export interface HandedMethod {
  trainer: 'sft' | 'gkd';
  /** Of TRL's generalized JSD: 0 is forward KL, 1 reverse KL. */
  beta: number;
  /** What the divergence is multiplied by. */
  scale: number;
  samplingTemperature: number;
  lossTemperature: number;
  reduction: Method['reduction'];
  teacherTemperature: number;
}

export interface Plan { method: HandedMethod; differences: string[] }

/** A stage of a recipe, or a recipe without stages, as TRL trains it. */
export interface PlannedStage { name: string | null; recipe: Recipe; method: Method; plan: Plan }

/** What of the models matters for what TRL can do. */
export interface HandedModels { isEncoderDecoder: boolean; studentRows: number; /** Null without a teacher. */ teacherRows: number | null }

/**
 * Says how TRL trains a recipe, and in what that differs from a run here.
 * @throws Problem that names everything of the recipe that TRL has no counterpart of, before anything is written.
 */
export function planHandover(recipe: Recipe, method: Method, models: HandedModels): Plan {
  const missing = [...missingMethods(method), ...missingModels(recipe, models), ...missingTraining(recipe)];
  if (missing.length > 0) {
    throw new Problem(`TRL cannot train this recipe: ${missing.join('; ')}.`, { hint: 'Change these in a copy of the recipe, or train it here: retort run.' });
  }
  const { samplingTemperature, lossTemperature, reduction, teacherTemperature, beta } = method;
  return {
    method: {
      trainer: method.divergence === 'cross_entropy' ? 'sft' : 'gkd',
      beta: { forward_kl: 0, reverse_kl: 1, jsd: beta, cross_entropy: 0, tvd: NaN }[method.divergence],
      scale: method.divergence === 'jsd' && method.normalizeBeta ? 1 / (beta * (1 - beta)) : 1,
      samplingTemperature, lossTemperature, reduction, teacherTemperature,
    },
    differences: [...differencesWith(recipe, method)],
  };
}

/** What of several stages differs: once where it does in all of them, else with the names of those where it does. */
export function differencesOf(stages: readonly PlannedStage[]): string[] {
  const all = [...new Set(stages.flatMap(({ plan }) => plan.differences))];
  return all.map((difference) => {
    const where = stages.filter(({ plan }) => plan.differences.includes(difference));
    return where.length === stages.length ? difference : `${where.map(({ name }) => `Stage "${name}"`).join(', ')}: ${difference}`;
  });
}

function missingMethods({ preset, divergence, lambda }: Method): string[] {
  const missing: string[] = [];
  if (preset === 'rl-gkd') missing.push('rewards beside a divergence (method.preset "rl-gkd")');
  if (preset === 'minillm') missing.push('MiniLLM\'s policy gradient (method.preset "minillm")');
  if (divergence === 'tvd') missing.push('total variation (method.divergence "tvd"; it has forward_kl, reverse_kl and jsd)');
  if (divergence === 'cross_entropy' && lambda > 0) missing.push('cross entropy on the student\'s own text (method.lambda must be 0)');
  return missing;
}

function missingModels({ student, teacher }: Recipe, { isEncoderDecoder, studentRows, teacherRows }: HandedModels): string[] {
  const missing: string[] = [];
  if (isEncoderDecoder) missing.push('encoder-decoders (its GKDTrainer is for decoders alone)');
  if (teacher?.server) missing.push('a teacher behind a server (teacher.server; name a folder as teacher.model)');
  if (student.ship !== undefined) missing.push(`the rounding of the file that the student will be (student.ship "${student.ship}")`);
  for (const [field, path] of [['student.model', student.model], ['teacher.model', teacher?.model]] as const) {
    if (path?.toLowerCase().endsWith('.gguf')) missing.push(`a GGUF file as ${field} (make a folder of it: retort model import)`);
  }
  if (teacherRows !== null && teacherRows !== studentRows) {
    missing.push(`embeddings of two lengths (vocab_size is ${studentRows} in the student and ${teacherRows} in the teacher)`);
  }
  return missing;
}

function missingTraining({ train }: Recipe): string[] {
  return train.optimizer === 'adafactor' && train.scaleParameter ? ['Adafactor that scales by its weights (train.scaleParameter)'] : [];
}

function* differencesWith({ train, student, teacher, evaluate, data }: Recipe, { lambda, mixing, reduction, source, divergence }: Method): Generator<string> {
  yield 'A run that was interrupted goes on from its last checkpoint, but not to the bit: the student\'s random numbers are PyTorch\'s.';
  if (lambda > 0 && lambda < 1 && mixing === 'example') yield 'Who writes is drawn for a whole batch at each step, not for each example (method.mixing).';
  if (lambda > 0 && reduction === 'token') yield 'Where the student writes, tokens weigh alike within one micro-batch of a process, not over the whole batch (method.reduction "token").';
  if (source === 'teacher') yield 'The teacher writes its completions there first, by vLLM: teacher_writes.py.';
  if (divergence !== 'cross_entropy' || source === 'teacher') yield 'On a card the teacher\'s weights are bf16, whatever teacher.precision says.';
  yield `On a card products are computed in bf16${train.compute === 'fp16' || train.compute === 'tf32' ? `, not ${train.compute} (train.compute)` : ''}; --fp32 turns that off.`;
  if (student.precision !== undefined && student.precision !== 'fp32') yield `The weights beside the adapter are fp32, not ${student.precision} (student.precision).`;
  if (teacher?.cache !== undefined && teacher.cache !== false) yield 'The teacher judges the fixed texts anew in every epoch (teacher.cache).';
  if (train.phases) yield 'Teacher and student are in memory together (train.phases).';
  if (evaluate.decode.strategy !== 'greedy' || evaluate.decode.repetitionPenalty !== 1) yield 'Evaluations write greedily (evaluate.decode).';
  if (evaluate.calculator) yield 'Answers are written without the calculator (evaluate.calculator).';
  for (const metric of ['acceptance', 'multiple-choice']) if (evaluate.metrics.includes(metric)) yield `The metric ${metric} is not measured in training; retort eval measures the checkpoints.`;
  if (evaluate.best !== undefined) yield 'The best checkpoint is not kept beside the newest, and training does not stop early (evaluate.best).';
  if (data.chat || data.messages !== undefined) yield 'The student writes to the prompt that Retort renders; what it learns from data is the conversation\'s own rendering, as here.';
}
