import type { Tensor } from '../runtime/tensor.ts';
import type { MicroBatch } from './batch.ts';
import type { Head } from './head.ts';

/** Whoever answers for a token by its hidden state: a model, or what is kept of one. */
export interface Teacher extends Head {
  /** Last hidden states at the learned positions, [positions, width]; behind the last text's they may be anything finite. */
  hidden(batch: MicroBatch): Promise<Tensor>;
  /** Told when it will not be asked for a while: what it can read again may go. */
  rest(): Promise<void>;
  release(): Promise<void>;
}
