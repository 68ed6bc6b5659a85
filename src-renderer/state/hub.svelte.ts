import type { HubState } from '../../src-main/contract/api/hub-calls.ts';
import type { HubFound, HubKind, HubLook } from '../../src-main/contract/hub.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { Asked, asking } from './asked.svelte.ts';

/** A search on a hub and what was looked at. Nothing is asked until the person presses a button for it. */
export class HubSearch {
  readonly kind: HubKind;
  readonly state = new Asked<HubState>();
  readonly found = new Asked<readonly HubFound[]>();
  readonly look = new Asked<HubLook>();
  /** Of those to choose from, what the person chose. */
  chosen = $state.raw<readonly string[]>([]);
  private readonly bridge: Bridge;
  private count = 0;

  constructor(bridge: Bridge, kind: HubKind) {
    this.bridge = bridge;
    this.kind = kind;
    this.state.ask('state', () => bridge.call('hub.state', null));
  }

  /** A whole name, as ORG/NAME or an address, is looked at; anything else is searched for. */
  ask(text: string): void {
    const wanted = text.trim();
    if (wanted === '') return;
    if (/^\S+\/\S+$/.test(wanted)) return this.open(wanted);
    this.look.clear();
    const { bridge, kind } = this;
    this.found.ask(this.fresh(), () => bridge.call('hub.search', { kind, text: wanted, asker: asking() }));
  }

  open(name: string): void {
    this.chosen = [];
    const { bridge, kind } = this;
    this.look.ask(this.fresh(), () => bridge.call('hub.look', { kind, name, asker: asking() }));
  }

  back(): void {
    this.look.clear();
  }

  /** @returns where it lies; of a model whether it is on the list, of the rest the files */
  get(look: HubLook): Promise<{ folder: string; paths: string[]; listed: boolean }> {
    return this.bridge.call('hub.get', { kind: look.kind, name: `${look.id}@${look.commit}`, files: [...this.chosen] });
  }

  /** The same may be asked again, since a hub may answer otherwise. */
  private fresh(): string {
    this.count += 1;
    return String(this.count);
  }
}
