import { fineTuneFirst, type RecipeStage } from '../../../contract/fine-tune-first.ts';
import type { Change, Finding } from '../../../contract/finding.ts';
import { mergePatch, type JsonObject } from '../../../contract/merge-patch.ts';
import { Problem } from '../../../contract/problem.ts';
import type { Recipe } from '../../../contract/recipe.ts';
import { stageWords } from '../../../contract/stages.ts';

/** Whether a field of a stage's recipe is the stage's own: all of its method and train, and what else it says itself. */
function isOwn(stage: RecipeStage, field: string): boolean {
  const [section, name] = field.split('.');
  if (section === 'method' || section === 'train') return true;
  return (section === 'data' || section === 'evaluate') && name !== undefined && Object.hasOwn(stage[section] ?? {}, name);
}

/**
 * What was found of one stage, said of the whole recipe: fields and changes lead to the stage's own section, and what was told
 * of an earlier stage is not told again. Of a recipe without stages it is told as it is.
 */
export class StageFindings {
  private readonly recipe: Recipe;
  private readonly told = new Set<string>();

  constructor(recipe: Recipe) {
    this.recipe = recipe;
  }

  /** @param at  which stage, from 0 */
  of(at: number, { field, mend, mends, ...finding }: Finding): Finding[] {
    const stage = this.recipe.stages?.[at];
    // A later stage's student is what the one before has made of it.
    if (at > 0 && finding.code === 'cut-student') return [];
    if (!stage) return [{ ...finding, ...(field !== undefined && { field }), ...(mend && { mend }), ...(mends && { mends }) }];
    const isOfStage = field !== undefined && isOwn(stage, field);
    if (!isOfStage && this.told.has(finding.message)) return [];
    this.told.add(finding.message);
    return [{
      ...finding,
      message: isOfStage || at > 0 ? `${stageWords(stage)}${finding.message}` : finding.message,
      ...(field !== undefined && { field: isOfStage ? `stages.${at}.${field}` : field }),
      ...(mend && { mend: this.within(at, mend) }), ...(mends && { mends: mends.map((each) => this.within(at, each)) }),
    }];
  }

  /** A change of a stage's recipe as one of the whole: a merge patch replaces lists. */
  within<Made extends Change>(at: number, change: Made): Made {
    const { stages } = this.recipe;
    if (!stages) return change;
    // What is to come before a stage comes before all of them.
    if ('stages' in change.patch) return { ...change, ...fineTuneFirst(this.recipe) };
    const [own, rest]: [JsonObject, JsonObject] = [{}, {}];
    for (const [section, value] of Object.entries(change.patch)) {
      if (typeof value !== 'object' || value === null) rest[section] = value as JsonObject[string];
      else for (const [name, to] of Object.entries(value as JsonObject)) {
        const into = isOwn(stages[at]!, `${section}.${name}`) ? own : rest;
        into[section] = { ...into[section] as JsonObject, [name]: to };
      }
    }
    if (Object.keys(own).length === 0) return change;
    return {
      ...change, stage: { name: stages[at]!.name, patch: own },
      patch: { ...rest, stages: stages.map((stage, place) => (place === at ? mergePatch(stage as JsonObject, own) : stage)) },
    };
  }
}

/** Names the stage in what goes wrong with it. */
export async function inStage<T>(stage: { name: string | null }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem) || stage.name === null) throw error;
    throw new Problem(`${stageWords(stage)}${error.message}`, { kind: error.kind, cause: error, ...(error.hint !== undefined && { hint: error.hint }) });
  }
}
