import { sep } from 'node:path';
import type { Correction } from '../../contract/correction.ts';
import type { RunRecord } from '../../contract/history.ts';
import type { Recipe, RecipeInput } from '../../contract/recipe.ts';
import { lastStage } from '../../contract/stages.ts';
import { shotsApart } from '../../contract/shots.ts';
import { reportedBy } from '../../metrics/reported.ts';

/** Fewest steps, so that the rate can rise and fall; most examples in one. */
const STEPS = 20;
const BATCH = 32;
/** Of the rate of the run that is repaired: what it has learned shall stay. */
const RATE_SHARE = 0.1;
const EVALUATIONS = 4;

/** Where what is learned from lies: the mixed rows, the rows held out, and how many are mixed. */
export interface MixedFiles { train: string; validation: string | undefined; rows: number }

/** The run whose student made a mistake: the one that trained it, or else the last one with the same models. */
export function repairedRun(runs: readonly RunRecord[], { student, teacher }: Correction): RunRecord | null {
  return runs.find(({ runDir }) => student.startsWith(`${runDir}${sep}`))
    ?? runs.find(({ recipe }) => recipe.student.model === student && recipe.teacher?.model === teacher)
    ?? runs.find(({ recipe }) => recipe.teacher?.model === teacher) ?? null;
}

/**
 * A recipe that learns the texts of corrections themselves, whatever the teacher thinks of them, and is measured as the
 * run that it repairs was. The teacher stays in it for the inspection afterwards.
 */
export function repairRecipe(name: string, { student, teacher, turns }: Correction, base: Recipe | null, { train, validation, rows }: MixedFiles): Partial<RecipeInput> {
  const trained = base && lastStage(base).recipe.train;
  const batchSize = Math.max(1, Math.min(trained?.batchSize ?? BATCH, BATCH, Math.floor(rows / STEPS)));
  const steps = Math.ceil(rows / batchSize);
  return {
    name, ...(base && { seed: base.seed }),
    teacher: { ...base?.teacher, model: teacher }, student: { ...base?.student, model: student },
    data: { ...dataOf(base, turns !== null), train, ...(validation !== undefined && { validation }) },
    method: { preset: 'sft' },
    train: {
      epochs: 1, batchSize, warmupSteps: Math.ceil(steps / 10),
      ...(trained && { optimizer: trained.optimizer, learningRate: RATE_SHARE * trained.learningRate, schedule: trained.schedule, clipNorm: trained.clipNorm }),
    },
    ...(base && validation !== undefined && { evaluate: evaluateOf(base, steps) }),
    checkpoint: { every: Math.ceil(steps / EVALUATIONS), keep: 2 },
  };
}

/** How rows become prompts: as in the run that is repaired where they are whole conversations, else by the columns of the mixed file. */
function dataOf(base: Recipe | null, isChat: boolean): Partial<Recipe['data']> {
  if (!base) return isChat ? { messages: 'messages' } : { prompt: '{{prompt}}', completion: '{{completion}}' };
  const { train: _, validation: __, validationShare: ___, fraction: ____, shots, ...data } = base.data;
  if (isChat && data.messages !== undefined) return { ...data, shots };
  const { maxPromptTokens, maxCompletionTokens } = data;
  // Corrections of another kind than the run's data stand alone.
  if (isChat !== (data.chat || data.messages !== undefined)) {
    return { ...(isChat ? { messages: 'messages' } : { prompt: '{{prompt}}', completion: '{{completion}}' }), maxPromptTokens, maxCompletionTokens };
  }
  return { ...data, messages: undefined, prompt: '{{prompt}}', completion: '{{completion}}', shots: shotsApart(base.data) };
}

function evaluateOf({ evaluate }: Recipe, steps: number): Recipe['evaluate'] {
  const { patience: _, best, ...kept } = evaluate;
  const [first] = evaluate.metrics.flatMap(reportedBy);
  return {
    ...kept, every: Math.max(1, Math.floor(steps / EVALUATIONS)),
    // Learning a text itself has no divergence to be chosen by.
    best: best === undefined || best === 'divergence' ? first?.name ?? 'loss' : best,
  };
}
