import type { Device } from './divergence.ts';

/** What a device is chosen for. */
export type DeviceUse = 'training' | 'writing' | 'teacher';

/** How products of matrices are computed: exactly as the numbers are, with NVIDIA's shorter float32, or in half precision. */
export const COMPUTE_PRECISIONS = ['fp32', 'tf32', 'fp16', 'bf16'] as const;
export type ComputePrecision = (typeof COMPUTE_PRECISIONS)[number];

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
  /** What runs there, and the precisions that its products can have. */
  uses: readonly DeviceUse[];
  precisions: readonly ComputePrecision[];
}
