import { layOut, learnedCount, type MicroBatch, type TrainingExample } from '../distill/batch.ts';
import type { Head } from '../distill/head.ts';
import type { Teacher } from '../distill/teacher.ts';
import type { Encoder } from '../nn/decoder.ts';
import { float32, type Tensor } from '../runtime/tensor.ts';
import type { Keeper } from './keeper.ts';
import type { StateStore } from './state-store.ts';
import { textKey } from './text-key.ts';

/** Who has the model itself. */
export interface ModelSource {
  /** Reads it where it is not read yet. */
  model(): Promise<Teacher>;
  /** Told when it will not be asked for a while. */
  rest(): Promise<void>;
}

/** A text with the place where its states go. */
interface Wanted { text: TrainingExample; into: Float32Array }

/**
 * A teacher whose hidden states of fixed texts lie on the disk, rounded as the store keeps them. The model itself is
 * asked for, and read, only for what is not there: a text that the student wrote, and a fixed one for the first time.
 *
 * A fixed text is computed by itself, so that what is kept depends on nothing else that a run happens to hold.
 */
export class CachedTeacher implements Teacher, Keeper {
  readonly decoder: Head['decoder'];
  readonly weights: Head['weights'];
  private readonly encoder: Encoder | null;
  private readonly store: StateStore;
  private readonly source: ModelSource;

  constructor({ decoder, weights }: Head, encoder: Encoder | null, store: StateStore, source: ModelSource) {
    this.decoder = decoder;
    this.weights = weights;
    this.encoder = encoder;
    this.store = store;
    this.source = source;
  }

  async hidden(batch: MicroBatch): Promise<Tensor> {
    const width = this.decoder.hiddenSize;
    const states = new Float32Array(batch.bucket.positions * width);
    const written: Wanted[] = [];
    for (const { text, start, end } of batch.spans) {
      const into = states.subarray(start * width, end * width);
      if (text.isOnPolicy) written.push({ text, into });
      else await this.recall(text, into);
    }
    if (written.length > 0) await this.compute(written);
    return float32(states, [batch.bucket.positions, width]);
  }

  /** Keeps the states of texts that are not kept yet. @param onDone  how many of all are there */
  async keep(texts: readonly TrainingExample[], { onDone, signal }: { onDone?(count: number): void; signal?: AbortSignal | undefined } = {}): Promise<void> {
    for (const [at, text] of texts.entries()) {
      signal?.throwIfAborted();
      if (text.completion.length > 0 && !this.store.has(textKey(text))) await this.recall(text, this.room(text));
      onDone?.(at + 1);
    }
    await this.store.sync();
  }

  rest(): Promise<void> {
    return this.source.rest();
  }

  release(): Promise<void> {
    return this.store.close();
  }

  private room(text: TrainingExample): Float32Array {
    return new Float32Array(learnedCount(text) * this.decoder.hiddenSize);
  }

  private async recall(text: TrainingExample, into: Float32Array): Promise<void> {
    const key = textKey(text);
    if (await this.store.read(key, into)) return;
    await this.compute([{ text, into }]);
    await this.store.add(key, into);
  }

  private async compute(wanted: readonly Wanted[]): Promise<void> {
    const width = this.decoder.hiddenSize;
    const model = await this.source.model();
    for (const batch of layOut(wanted.map(({ text }) => text), wanted.length, 'token', this.encoder)) {
      const states = (await model.hidden(batch)).data as Float32Array;
      for (const { example, start, end } of batch.spans) wanted[example]!.into.set(states.subarray(start * width, end * width));
    }
  }
}
