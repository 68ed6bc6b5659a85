import type { Job } from '../../src-main/contract/api/feed.ts';
import type { Recipe } from '../../src-main/contract/recipe.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { Asked } from './asked.svelte.ts';

/** What is measured of a recipe when a person asks for it. It stays while the recipe changes, and is old then. */
export class MeasuredRecipe<Result> {
  readonly asked = new Asked<Result>();
  /** The job that measures, while it does. */
  job = $state.raw<Job | undefined>();
  private measured = $state('');
  private readonly kind: Job['kind'];

  constructor(kind: Job['kind']) {
    this.kind = kind;
  }

  /** @returns ends it */
  follow(bridge: Pick<Bridge, 'subscribe'>): () => void {
    return bridge.subscribe((message) => {
      if (message.topic === 'jobs') this.job = message.jobs.find(({ kind, state }) => kind === this.kind && state === 'going');
    });
  }

  measure(recipe: Recipe, answer: () => Promise<Result>): void {
    this.asked.clear();
    this.measured = JSON.stringify(recipe);
    this.asked.ask(this.measured, answer);
  }

  isOld(recipe: Recipe | null): boolean {
    return this.asked.value !== null && this.measured !== JSON.stringify(recipe);
  }
}
