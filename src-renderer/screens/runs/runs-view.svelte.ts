import { SvelteSet } from 'svelte/reactivity';
import type { RunStatus } from '../../../src-main/contract/events.ts';
import type { RunRecord } from '../../../src-main/contract/history.ts';
import { methodText } from '../../recipe/method-text.ts';
import { meets } from './describe-run.ts';

export const SORTS = ['name', 'status', 'method', 'headline', 'steps', 'updated'] as const;
export type Sort = (typeof SORTS)[number];

const KEYS: Record<Sort, (run: RunRecord) => string | number> = {
  name: ({ name }) => name.toLowerCase(),
  status: ({ status }) => status,
  method: ({ recipe }) => methodText(recipe),
  headline: ({ headline }) => headline?.value ?? -Infinity,
  steps: ({ lastStep }) => lastStep,
  updated: ({ updated }) => updated,
};

/** How the history is looked at: kept while the window is open, so that coming back from a run finds it again. */
class RunsView {
  search = $state('');
  status = $state<RunStatus | ''>('');
  tag = $state('');
  sort = $state<Sort>('updated');
  isDescending = $state(true);
  readonly chosen = new SvelteSet<string>();

  shown(runs: readonly RunRecord[]): RunRecord[] {
    const key = KEYS[this.sort];
    const way = this.isDescending ? -1 : 1;
    const search = this.search.trim();
    return runs
      .filter((run) => (this.status === '' || run.status === this.status) && (this.tag === '' || run.tags.includes(this.tag)) && meets(run, search))
      .sort((a, b) => {
        const [left, right] = [key(a), key(b)];
        return way * (left < right ? -1 : left > right ? 1 : 0);
      });
  }

  /** Names first from A on, numbers first from the largest on; again turns it round. */
  sortBy(sort: Sort): void {
    if (this.sort === sort) this.isDescending = !this.isDescending;
    else {
      this.sort = sort;
      this.isDescending = sort === 'headline' || sort === 'steps' || sort === 'updated';
    }
  }

  choose(id: string, isChosen: boolean): void {
    if (isChosen) this.chosen.add(id);
    else this.chosen.delete(id);
  }
}

export const runsView = new RunsView();
