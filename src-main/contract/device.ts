import type { Compute } from './compute.ts';
import type { Device } from './divergence.ts';

/** What a device is chosen for. */
export type DeviceUse = 'training' | 'writing' | 'teacher';

/** A device of this machine, or why it is none. */
export interface DeviceState {
  device: Device;
  /** Why it cannot be used here; null where it can. */
  problem: string | null;
  /** What a person can do about that. */
  hint: string | null;
  /** The card's own name. Null where nobody tells. */
  name: string | null;
  /** Bytes of memory that it computes in. Null where nobody tells. */
  memory: number | null;
  /** The driver and its version. */
  driver: string | null;
  /** Whether it is a card in software, which computes right and far too slowly for work. */
  isSoftware: boolean;
  /** What runs there, in fp32. */
  uses: readonly DeviceUse[];
  /** What training may multiply in there (`train.compute`) and be the faster for it; each has been tried. */
  computes: readonly Compute[];
}
