import { ALL_LINEAR, alphaOf } from '../../contract/adapter.ts';
import type { HandedMethod } from '../../handover/plan.ts';
import { lambdaAt } from '../../distill/mixture.ts';
import type { Method } from '../../contract/presets.ts';
import { findMetrics } from '../../metrics/score.ts';
import type { PreparedRun } from '../run/look/prepare.ts';
import { SAMPLES } from '../run/evaluation/evaluate.ts';

/** What `settings.json` tells the scripts. Places of models are those of this machine. */
export function handedSettings({ recipe, method, adapter, eos, steps, sharedVocabulary, train: examples }: PreparedRun, handed: HandedMethod): object {
  const { name, seed, student, teacher, data, train, evaluate, checkpoint } = recipe;
  const isScored = evaluate.metrics.flatMap(findMetrics).length > 0;
  return {
    name, seed, method: handed,
    student: student.model, teacher: handed.trainer === 'gkd' || method.source === 'teacher' ? teacher?.model ?? null : null,
    baseAtHome: adapter?.base.path ?? student.model,
    adapter: adapter && {
      rank: student.adapter?.rank ?? 16, alpha: student.adapter ? alphaOf(student.adapter) : 32, dropout: adapter.dropout,
      targets: targetsOf(adapter.adapters, student.adapter?.targets),
    },
    vocabulary: sharedVocabulary, eos: [...eos], maxNewTokens: data.maxCompletionTokens, examples: examples.count,
    lambdas: lambdasOf(method, steps),
    train: {
      steps, batchSize: train.batchSize, optimizer: train.optimizer, learningRate: train.learningRate, schedule: train.schedule,
      finalLearningRate: train.finalLearningRate, warmupSteps: train.warmupSteps, weightDecay: train.weightDecay,
      beta1: train.beta1, beta2: train.beta2, epsilon: train.epsilon, clipNorm: train.clipNorm, recompute: train.recompute ?? false,
    },
    evaluate: {
      every: evaluate.every ?? 0, maxNewTokens: evaluate.maxNewTokens ?? data.maxCompletionTokens,
      written: isScored ? evaluate.examples : SAMPLES,
    },
    checkpoint: { every: checkpoint.every, keep: checkpoint.keep },
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
