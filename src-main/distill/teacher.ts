import type { DeviceMemory, DeviceTensor } from '../runtime/device/device-memory.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { MicroBatch, TrainingExample } from './batch.ts';
import type { Head } from './head.ts';

/** Whoever answers for a token by what its head reads: a model, what is kept of one, or a server. */
export interface Teacher extends Head {
  /** What its head makes a distribution of at the learned positions, [positions, width]: a model's last hidden states; behind the last text's they may be anything finite. */
  hidden(batch: MicroBatch): Promise<Tensor>;
  /** The same left in a device's memory where it is computed there, and released by whoever asks. Left out where it never is. */
  hiddenIn?(memory: DeviceMemory, batch: MicroBatch): Promise<Tensor | DeviceTensor>;
  /** Where it has anything to say of a text: 1 or 0 for each learned token. Left out where it always has. */
  compared?(text: TrainingExample): Uint8Array;
  /** Told which batches it is about to be asked about, where it can begin with all of them at once. */
  expect?(batches: readonly MicroBatch[]): void;
  /** Told when it will not be asked for a while: what it can read again may go. */
  rest(): Promise<void>;
  release(): Promise<void>;
}
