import type { CallInput } from '../../src-main/contract/api/api.ts';
import type { DataPreview, SeenData } from '../../src-main/contract/data-view.ts';
import { Problem } from '../../src-main/contract/problem.ts';
import type { Bridge } from '../bridge/bridge.ts';

export const ROWS_A_PAGE = 10;
export const EXAMPLES_A_PAGE = 3;

type View = CallInput<'data.seen'>['view'];

/** An answer that is asked for again when its question changes; late answers to old questions are dropped. */
class Asked<Result> {
  value = $state.raw<Result | null>(null);
  problem = $state.raw<Problem | null>(null);
  isLoading = $state(false);
  private question = '';
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** @param question  names what is asked, so that the same is not asked twice */
  ask(question: string, answer: () => Promise<Result>, { delay = 0 } = {}): void {
    if (question === this.question) return;
    this.question = question;
    this.isLoading = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { void this.settle(question, answer); }, delay);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.question = '';
    this.value = null;
    this.problem = null;
    this.isLoading = false;
  }

  private async settle(question: string, answer: () => Promise<Result>): Promise<void> {
    try {
      const value = await answer();
      if (question !== this.question) return;
      this.value = value;
      this.problem = null;
    } catch (error) {
      if (question !== this.question) return;
      this.value = null;
      this.problem = error instanceof Problem ? error : new Problem((error as Error).message, { kind: 'failure' });
    }
    this.isLoading = false;
  }
}

/** A data file as the wizard shows it: a page of its rows, and a page of its examples as a model sees them. */
export class DataView {
  readonly preview = new Asked<DataPreview>();
  readonly seen = new Asked<SeenData>();
  private readonly bridge: Bridge;

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  /** @param path  undefined where no file is chosen */
  showRows(path: string | undefined, offset: number): void {
    if (path === undefined) return this.preview.clear();
    this.preview.ask(JSON.stringify([path, offset]), () => this.bridge.call('data.preview', { path, offset, limit: ROWS_A_PAGE }));
  }

  /** Waits for the typing to end: every template on the way would read and encode the whole file. */
  showExamples(path: string | undefined, model: string | undefined, view: View, offset: number): void {
    if (path === undefined || model === undefined || (view.prompt === undefined && view.messages === undefined)) return this.seen.clear();
    this.seen.ask(JSON.stringify([path, model, view, offset]),
      () => this.bridge.call('data.seen', { path, model, view, offset, limit: EXAMPLES_A_PAGE }), { delay: 500 });
  }
}
