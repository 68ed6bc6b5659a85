import type { Change } from './finding.ts';
import { resolveMethod, type Method } from './presets.ts';
import type { Recipe } from './recipe.ts';

export type RecipeStage = NonNullable<Recipe['stages']>[number];

/** What of a recipe its fine-tuning follows from, as far as it has come. */
export interface Tunable {
  data?: { messages?: unknown; completion?: unknown } | undefined;
  method?: object | undefined;
  train?: { steps?: unknown; learningRate?: unknown } | undefined;
}

/** Steps of the fine-tuning, at least and at most: enough to write, and no more time than the run itself takes by far. */
const [FEWEST, MOST] = [200, 1000];
/** A rate at which a student that has been cut from a larger one, or has never learned, comes to write. */
const RATE = 3e-4;

/**
 * The stage that a student which cannot write needs before all others: the same data, learned as they stand, or as the
 * teacher writes them where they have no answers.
 */
function fineTuneStage({ data = {}, method = {}, train = {} }: Tunable, name = 'fine-tune'): RecipeStage {
  const preset = data.messages !== undefined || data.completion !== undefined ? 'sft' : 'seqkd';
  const { reduction } = resolveMethod({ preset: 'gkd', ...method }).method;
  const isUsual = reduction === resolveMethod({ preset }).method.reduction;
  const given = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
  const steps = Math.min(MOST, Math.max(FEWEST, Math.round(given(train.steps))));
  return {
    name,
    method: { preset, ...(!isUsual && { reduction }) } satisfies Partial<Method>,
    train: { steps, learningRate: Math.max(given(train.learningRate), RATE), schedule: 'linear', warmupSteps: Math.ceil(steps / 20) },
    evaluate: { every: Math.ceil(steps / 4) },
  };
}

/** A recipe's stages with the fine-tuning before them; what was one part follows as a stage that says nothing itself. */
export function stagesFineTunedFirst(recipe: Tunable & Pick<Recipe, 'stages'>): RecipeStage[] {
  const then = recipe.stages ?? [{ name: 'distil' }];
  return [fineTuneStage(recipe, freeName('fine-tune', then)), ...then];
}

/** The same as a change of a recipe. */
export function fineTuneFirst(recipe: Tunable & Pick<Recipe, 'stages'>): Change {
  const stages = stagesFineTunedFirst(recipe);
  const { name, ...stage } = stages[0]!;
  return { patch: { stages }, stage: { name, patch: stage, isNew: true } };
}

/** The run of a recipe again, with a stage before it in which its student learns to write. */
export const fineTunedFirst = (recipe: Recipe): Recipe =>
  ({ ...recipe, name: `${recipe.name}, fine-tuned first`.slice(0, 200), stages: stagesFineTunedFirst(recipe) });

/** A name that no stage has yet. */
export function freeName(name: string, stages: readonly { name: string }[]): string {
  const isTaken = (wanted: string): boolean => stages.some((stage) => stage.name === wanted);
  if (!isTaken(name)) return name;
  let number = 2;
  while (isTaken(`${name} ${number}`)) number++;
  return `${name} ${number}`;
}
