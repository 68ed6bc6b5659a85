import type { Device } from './divergence.ts';

/** What products of matrices are computed in, while everything else is float32. */
export const COMPUTES = ['fp32', 'tf32', 'bf16', 'fp16'] as const;
export type Compute = (typeof COMPUTES)[number];

/** What can be asked of a device at all. A processor rounds what it multiplies as a card would, and gains nothing by it. */
export const COMPUTES_ON: Readonly<Record<Device, readonly Compute[]>> = {
  cpu: ['fp32', 'bf16', 'fp16'], webgpu: ['fp32', 'fp16'], cuda: COMPUTES, tfjs: ['fp32'],
};

/** What a card of NVIDIA can: its tensor cores know tf32 and bf16 since the generation that NVIDIA counts as 8.0. */
export function computesOfCard(capability: number): readonly Compute[] {
  return capability >= 8 ? COMPUTES : ['fp32', 'fp16'];
}
