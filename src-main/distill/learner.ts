import type { Decoder } from '../nn/decoder.ts';
import type { DeviceMemory, DeviceTensor } from '../runtime/device/device-memory.ts';
import type { Executor } from '../runtime/program.ts';
import type { Weights } from '../runtime/weights.ts';
import type { MicroBatch } from './batch.ts';
import type { StateTensor } from './optimizers/optimizer.ts';
import type { Lesson, TeacherView } from './student.ts';

/** The model that learns, wherever its weights and gradients lie: `Student` on the host, `ResidentStudent` on a device. */
export interface Learner {
  /** As it writes and is judged. */
  readonly decoder: Decoder;
  /** What that reads, in memory of the host, as it was when `refresh` was called last. */
  readonly weights: Weights;
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
  updated(): void;
  release(): Promise<void>;
}

export interface Update {
  /** Its number among those of the run that have changed something, from 1. */
  readonly step: number;
  readonly learningRate: number;
  /** As in a recipe; 0 for none. */
  readonly clipNorm: number;
  /** What the gradients have been multiplied with; 1 if left out. */
  readonly lossScale?: number;
}

/** What changes weights by their gradients, and remembers what it needs for that. */
export interface Updates {
  /** What is trained: every parameter, or the parts of its rows. */
  readonly tensors: readonly { readonly name: string }[];
  /**
   * Clips the gradients, updates every weight and forgets the gradients. Where one of these is no number nothing else
   * happens: what that means is up to the caller.
   * @returns the norm of all gradients before, not finite where one of them is not
   */
  apply(update: Update): Promise<number>;
  /** A tensor's weights as they are now, to be read before the next update. */
  read(tensor: string): Float32Array;
  /** What a checkpoint holds besides the weights; each tensor is read when its data are asked for. */
  state(): readonly StateTensor[];
  /** Takes back what `state` gave, here or elsewhere. @throws Problem where a tensor is missing or has another shape */
  loadState(saved: ReadonlyMap<string, Omit<StateTensor, 'name'>>): void;
}
