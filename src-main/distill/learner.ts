import type { Decoder } from '../nn/decoder.ts';
import type { DeviceMemory, DeviceTensor } from '../runtime/device/device-memory.ts';
import type { Executor } from '../runtime/program.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { PlacedWeights } from '../runtime/weights.ts';
import type { MicroBatch } from './batch.ts';
import type { Head } from './head.ts';

/** What the teacher brings to one micro-batch: hidden states at its positions, and its head, the same at every call. */
export interface TeacherView { hidden: Tensor | DeviceTensor; head: Head }

/** The loss of a micro-batch and what the graph tells of its positions, by name (see `TokenLoss`). On a device whoever asks waits for it. */
export interface Lesson { readonly loss: number; readonly told: (name: string) => Float32Array | null }

/** The model that learns, wherever its weights and gradients lie: `Student` on the host, `ResidentStudent` on a device. */
export interface Learner {
  /** As it writes and is judged. */
  readonly decoder: Decoder;
  /** What that reads: what is trained in memory of the host, as it was when `refresh` was called last, what is not where it lies. */
  readonly weights: PlacedWeights;
  /** Weights that training changes, where others stay as they are. */
  readonly changing: ReadonlySet<string> | undefined;
  /** Where it writes and is judged: what computes there, and what of `weights` a device has itself, as it is at any moment. */
  readonly home: { readonly executor: Executor; readonly own: Readonly<Record<string, DeviceTensor>> };
  /** Where a teacher may leave its hidden states; null where that is the host's. */
  readonly memory: DeviceMemory | null;
  /** Brings `weights` up to date. Nothing is read twice between two updates, and nothing where they are the trained ones. */
  refresh(): void;
  /**
   * Adds the gradients of a micro-batch's loss to those so far.
   * @param step       that dropout is drawn for
   * @param lossScale  what they are multiplied with; 1 but where products are float16
   */
  learn(batch: MicroBatch, teacher: TeacherView | null, step: number, lossScale: number): Promise<Lesson>;
  /** Takes note that the weights have changed. */
  updated(): Promise<void>;
  release(): Promise<void>;
}
