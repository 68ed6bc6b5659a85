import type { TrainingExample } from '../distill/batch.ts';

/** A teacher that keeps on the disk what it thinks of fixed texts. */
export interface Keeper {
  /** Keeps what it thinks of texts that are not kept yet. @param onDone  how many of all are there */
  keep(texts: readonly TrainingExample[], options?: { onDone?(count: number): void; signal?: AbortSignal | undefined }): Promise<void>;
}
