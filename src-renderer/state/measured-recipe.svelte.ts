import type { Recipe } from '../../src-main/contract/recipe.ts';
import { Asked } from './asked.svelte.ts';

/** What is measured of a recipe when a person asks for it. It stays while the recipe changes, and is old then. */
export class MeasuredRecipe<Result> {
  readonly asked = new Asked<Result>();
  private measured = $state('');

  measure(recipe: Recipe, answer: () => Promise<Result>): void {
    this.asked.clear();
    this.measured = JSON.stringify(recipe);
    this.asked.ask(this.measured, answer);
  }

  isOld(recipe: Recipe | null): boolean {
    return this.asked.value !== null && this.measured !== JSON.stringify(recipe);
  }
}
