import type { CallInput } from '../../src-main/contract/api/api.ts';
import type { DataPreview, SeenData } from '../../src-main/contract/data-view.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { Asked, asking } from './asked.svelte.ts';

export const ROWS_A_PAGE = 10;
export const EXAMPLES_A_PAGE = 3;

type View = CallInput<'data.seen'>['view'];

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
    this.preview.ask(JSON.stringify([path, offset]), () => this.bridge.call('data.preview', { path, offset, limit: ROWS_A_PAGE, asker: asking() }));
  }

  /** Waits for the typing to end: every template on the way would read and encode the whole file. */
  showExamples(path: string | undefined, model: string | undefined, view: View, offset: number): void {
    if (path === undefined || model === undefined || (view.prompt === undefined && view.messages === undefined)) return this.seen.clear();
    this.seen.ask(JSON.stringify([path, model, view, offset]),
      () => this.bridge.call('data.seen', { path, model, view, offset, limit: EXAMPLES_A_PAGE, asker: asking() }), { delay: 500 });
  }
}
