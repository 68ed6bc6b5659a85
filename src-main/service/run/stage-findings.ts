import type { Finding, Mend } from '../../contract/finding.ts';
import { mergePatch, type JsonObject } from '../../contract/merge-patch.ts';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { stageWords } from '../../contract/stages.ts';

const OF_STAGE = /^(method|train)(\.|$)/;

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
    if (!stage) return [{ ...finding, ...(field !== undefined && { field }), ...(mend && { mend }), ...(mends && { mends }) }];
    const isOwn = field !== undefined && OF_STAGE.test(field);
    if (!isOwn && this.told.has(finding.message)) return [];
    this.told.add(finding.message);
    return [{
      ...finding,
      message: isOwn || at > 0 ? `${stageWords(stage)}${finding.message}` : finding.message,
      ...(field !== undefined && { field: isOwn ? `stages.${at}.${field}` : field }),
      ...(mend && { mend: this.within(at, mend) }), ...(mends && { mends: mends.map((each) => this.within(at, each)) }),
    }];
  }

  /** A change of a stage's recipe as one of the whole: a merge patch replaces lists. */
  within<Change extends Pick<Mend, 'patch'>>(at: number, change: Change): Change {
    const { stages } = this.recipe;
    if (!stages) return change;
    const { method, train, ...rest } = change.patch;
    if (method === undefined && train === undefined) return change;
    const own = { ...(method !== undefined && { method }), ...(train !== undefined && { train }) } as JsonObject;
    return { ...change, patch: { ...rest, stages: stages.map((stage, place) => (place === at ? mergePatch(stage as JsonObject, own) : stage)) } };
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
