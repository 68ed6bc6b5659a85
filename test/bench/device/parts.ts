import type { Compute } from '../../../src-main/contract/compute.ts';
import type { DeviceState } from '../../../src-main/contract/device.ts';
import type { Device } from '../../../src-main/contract/divergence.ts';
import type { Task } from '../plan.ts';
import type { Size } from '../sizes.ts';

/** Who computes a part, and what Retort multiplies in; PyTorch multiplies in bf16 on a card. */
export type Who = { retort: Device; compute: Compute } | { python: 'cpu' | 'cuda' };

/** What is measured, with what it may multiply in. */
export type Measured = Pick<DeviceState, 'device' | 'computes'>;

/** What is measured by itself, in processes of its own, so that one that fails or hangs costs only its own time. */
export interface Part { readonly size: Size; readonly task: Task; readonly batch: number; readonly who: Who }

/** Most texts of which the activations are there at once. */
export const MICRO_BATCH = 8;

/** Batches that are written at once. An iteration tells the writing, the teacher's pass and the update apart. */
const WRITTEN = [1, 16, 64];

const shape = (layers: number, width: number, feedForward: number, heads: number, kvHeads: number): Size['student'] => ({
  num_hidden_layers: layers, hidden_size: width, intermediate_size: feedForward, num_attention_heads: heads, num_key_value_heads: kvHeads,
});
const sized = (name: string, vocabulary: number, student: Size['student']): Size => ({
  name, vocabulary, student, teacher: student, batch: 4, prompt: 64, completion: 64, tasks: ['step', 'iteration'], rounds: 5,
});

/** SmolLM2-135M, Qwen2.5-0.5B and SmolLM2-1.7B, each with a teacher of its own shape. */
export const DEVICE_SIZES: readonly Size[] = [
  sized('135M', 49152, shape(30, 576, 1536, 9, 3)), sized('0.5B', 151936, shape(24, 896, 4864, 14, 2)), sized('1.7B', 49152, shape(24, 2048, 8192, 32, 32)),
];

/** As small as anything that has every operator. */
export const QUICK_SIZE: Size = { ...sized('tiny', 256, shape(2, 64, 128, 4, 2)), prompt: 8, completion: 8, rounds: 2 };

/** Most like what PyTorch does on a card first. */
const FASTEST: readonly Compute[] = ['bf16', 'fp16', 'tf32', 'fp32'];

/** In the order in which they are measured: what says most of a size first. Exact products, and the fastest kind; of a step all kinds. */
export function partsOf(size: Size, devices: readonly Measured[], hasPython: boolean): Part[] {
  const python: Who[] = hasPython ? [{ python: devices.some(({ device }) => device === 'cuda') ? 'cuda' : 'cpu' }] : [];
  const fastest = ({ computes }: Measured): Compute => FASTEST.find((compute) => computes.includes(compute)) ?? 'fp32';
  const by = (kinds: (of: Measured) => readonly Compute[]): Who[] => devices.flatMap((of) => kinds(of).map((compute) => ({ retort: of.device, compute })));
  const each = (task: Task, batch: number, who: readonly Who[]): Part[] => who.map((one) => ({ size, task, batch, who: one }));
  const main = by((of) => [...new Set<Compute>([fastest(of), 'fp32'])]);
  return [
    ...each('step', size.batch, [...main, ...python]), ...each('iteration', size.batch, [...main, ...python]),
    ...WRITTEN.flatMap((batch) => each('iteration', batch, by((of) => [fastest(of)]))),
    ...each('step', size.batch, by((of) => of.computes.filter((compute) => compute !== 'fp32' && compute !== fastest(of)))),
  ];
}

export const nameOf = ({ size, task, batch, who }: Part): string => `${size.name} ${task} of ${batch}, ${'retort' in who ? `Retort on ${who.retort} in ${who.compute}` : `${task === 'step' ? 'PyTorch' : 'TRL'} on ${who.python}`}`;
