import { ALL_LINEAR, alphaOf } from '../../contract/adapter.ts';
import type { HandedMethod } from '../../handover/plan.ts';
import { lambdaAt } from '../../distill/mixture.ts';
import { answerTokens } from '../../contract/longest-texts.ts';
import type { Method } from '../../contract/presets.ts';
import { findMetrics } from '../../metrics/score.ts';
import type { PreparedStage, PreparedStages } from '../run/stages/prepare-stages.ts';
import { SAMPLES } from '../run/evaluation/evaluate.ts';

/** What `settings.json` tells the scripts: what is the run's, and what is each stage's. Places of models are those of this machine. */
export function handedSettings({ stages, steps }: PreparedStages, methods: readonly HandedMethod[]): object {
  const { recipe: { name, seed, student, teacher, checkpoint }, adapter, eos } = stages[0]!;
  const isTaught = stages.some(({ method }, at) => methods[at]!.trainer === 'gkd' || method.source === 'teacher');
  return {
    name, seed, student: student.model, teacher: isTaught ? teacher?.model ?? null : null,
    baseAtHome: adapter?.base.path ?? student.model,
    adapter: adapter && {
      rank: student.adapter?.rank ?? 16, alpha: student.adapter ? alphaOf(student.adapter) : 32, dropout: adapter.dropout,
      targets: targetsOf(adapter.adapters, student.adapter?.targets),
    },
    eos: [...eos], steps, checkpoint: { every: checkpoint.every, keep: checkpoint.keep },
    stages: stages.map((stage, at) => stageSettings(stage, methods[at]!)),
  };
}

/** Where a stage's examples lie within `data/`, and what its trainer keeps within `state/`. */
export const folderOf = ({ name, number }: Pick<PreparedStage, 'name' | 'number'>): string => (name === null ? '' : `stage-${number}`);

function stageSettings(stage: PreparedStage, handed: HandedMethod): object {
  const { recipe, heldOut, method, name, first, firstEpoch, steps, sharedVocabulary, train: examples } = stage;
  const { data, train, evaluate } = recipe;
  const isScored = evaluate.metrics.flatMap(findMetrics).length > 0;
  return {
    name, first, firstEpoch, folder: folderOf(stage), method: handed, trainFile: method.source === 'teacher' ? 'teacher.jsonl' : 'train.jsonl',
    vocabulary: sharedVocabulary, maxNewTokens: data.maxCompletionTokens, examples: examples.count, lambdas: lambdasOf(method, steps),
    train: {
      steps, batchSize: train.batchSize, optimizer: train.optimizer, learningRate: train.learningRate, schedule: train.schedule,
      finalLearningRate: train.finalLearningRate, warmupSteps: train.warmupSteps, weightDecay: train.weightDecay,
      beta1: train.beta1, beta2: train.beta2, epsilon: train.epsilon, clipNorm: train.clipNorm, recompute: train.recompute ?? false,
    },
    evaluate: {
      every: evaluate.every ?? 0, maxNewTokens: answerTokens(recipe, heldOut),
      written: isScored ? evaluate.examples : SAMPLES,
    },
  };
}

/** The matrices by the ends of their names, as PEFT takes them. */
function targetsOf(adapters: ReadonlyMap<string, { module: string }>, asked: string[] | typeof ALL_LINEAR | undefined): string[] {
  return asked === undefined || asked === ALL_LINEAR ? [...new Set([...adapters.values()].map(({ module }) => module.split('.').at(-1)!))] : [...asked];
}

/** Lambda of every step for as long as it changes. */
function lambdasOf(method: Method, steps: number): number[] {
  const changing = method.lambdaSchedule === 'constant' ? 1 : Math.min(steps, Math.max(1, method.lambdaRampSteps));
  return Array.from({ length: changing }, (_, at) => lambdaAt(method, at + 1));
}
