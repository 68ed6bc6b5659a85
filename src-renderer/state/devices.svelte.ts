import type { DeviceState } from '../../src-main/contract/device.ts';
import type { Device } from '../../src-main/contract/divergence.ts';
import type { Bridge } from '../bridge/bridge.ts';

/** The devices of this machine, looked for when somebody first wants to choose one. */
export class DevicesState {
  found = $state.raw<readonly DeviceState[]>([]);
  private readonly bridge: Bridge;
  private isAsked = false;

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  /** What is not known is offered: the check before the run says why it cannot be had. */
  look(): void {
    if (this.isAsked) return;
    this.isAsked = true;
    void this.bridge.call('devices.list', null).then((found) => { this.found = found; }, () => { this.isAsked = false; });
  }

  /** After something has changed that they need. */
  lookAgain(): void {
    this.isAsked = false;
    this.look();
  }

  /** Those that compute here, as far as is known. */
  get usable(): readonly Device[] {
    return this.found.filter(({ problem }) => problem === null).map(({ device }) => device);
  }

  /** Whether a graphics card computes here, and not a processor in its place. */
  get hasCard(): boolean {
    return this.found.some(({ device, problem, isSoftware }) => device !== 'cpu' && problem === null && !isSoftware);
  }

  /** What training may multiply in on a device; fp32 alone where that is not known. */
  computesOf(device: string): readonly string[] {
    return this.found.find((known) => known.device === device)?.computes ?? ['fp32'];
  }

  /** Why a device cannot be used here; null where it can, or where that is not known. */
  problemOf(device: string): string | null {
    return this.found.find((known) => known.device === device)?.problem ?? null;
  }
}
