import type { ComparedDivergence, Distributions, SampleFilter, SampleQuery, SampleRow } from '../../src-main/contract/inspection.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { Asked } from './asked.svelte.ts';

/** Rows asked for together. */
const PAGE = 100;
/** Pages kept on both sides of the one that came last. */
const NEAR = 5;
/** Milliseconds that a place must be looked at before its rows are asked for: what flies by in scrolling is not. */
const REST = 40;

/**
 * The samples of one inspection in an order and under a filter. Only the pages looked at are there, however many
 * samples there are.
 */
export class SampleList {
  order = $state<SampleQuery['order']>('fork');
  descending = $state(true);
  divergence = $state<ComparedDivergence>('jsd');
  filter = $state.raw<SampleFilter>({});
  total = $state<number | null>(null);
  readonly distributions = new Asked<Distributions>();
  private pages = $state.raw<ReadonlyMap<number, readonly SampleRow[]>>(new Map());
  private readonly bridge: Bridge;
  private readonly id: string;
  private readonly fail: (error: unknown) => void;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly asking = new Map<number, Promise<void>>();
  private wanted: [number, number] = [0, 0];
  /** Which question the pages answer. */
  private question = 0;

  constructor(bridge: Bridge, id: string, fail: (error: unknown) => void) {
    this.bridge = bridge;
    this.id = id;
    this.fail = fail;
  }

  get query(): Omit<SampleQuery, 'offset' | 'limit'> {
    const { order, descending, divergence, filter } = this;
    return { order, descending, divergence, filter };
  }

  /** The row at a place, from 0; undefined while it is not there. */
  rowAt(place: number): SampleRow | undefined {
    return this.pages.get(Math.floor(place / PAGE))?.[place % PAGE];
  }

  /** Asks anew: after another order or filter, or when the inspection has grown. @param keeps  the rows shown until the new ones come */
  ask(keeps: boolean): void {
    this.question++;
    this.asking.clear();
    if (!keeps) this.pages = new Map();
    void this.load(Math.floor(this.wanted[0] / PAGE));
    const { filter } = this;
    this.distributions.ask(`${this.question}`, () => this.bridge.call('inspections.distributions', { id: this.id, filter }));
  }

  /** Sees to it that the rows from one place to another come. */
  need(from: number, to: number): void {
    this.wanted = [from, to];
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      for (let page = Math.floor(from / PAGE); page <= Math.floor(to / PAGE); page++) if (!this.pages.has(page)) void this.load(page);
    }, REST);
  }

  /** The row at a place, asked for where it is not there. */
  async fetch(place: number): Promise<SampleRow | undefined> {
    if (!this.rowAt(place)) await this.load(Math.floor(place / PAGE));
    return this.rowAt(place);
  }

  placeOf(sampleId: number): Promise<number | null> {
    return this.bridge.call('inspections.place', { id: this.id, sampleId, ...this.query });
  }

  private load(page: number): Promise<void> {
    const { question } = this;
    let asked = this.asking.get(page);
    if (!asked) {
      asked = this.loadOnce(page, question).finally(() => { if (question === this.question) this.asking.delete(page); });
      this.asking.set(page, asked);
    }
    return asked;
  }

  private async loadOnce(page: number, question: number): Promise<void> {
    try {
      const { total, samples } = await this.bridge.call('inspections.samples', { id: this.id, ...this.query, offset: page * PAGE, limit: PAGE });
      if (question !== this.question) return;
      this.total = total;
      this.pages = new Map([...this.pages, [page, samples] as const].filter(([other]) => Math.abs(other - page) <= NEAR));
    } catch (error) {
      if (question === this.question) this.fail(error);
    }
  }
}
