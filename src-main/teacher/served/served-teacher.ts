import { learnedCount, learnedPlaces, type MicroBatch, type TrainingExample } from '../../distill/batch.ts';
import type { Head } from '../../distill/head.ts';
import { likeliestHead } from '../../distill/likeliest-head.ts';
import { fillUnused, packRow, rowWidth } from '../../distill/likeliest-row.ts';
import type { Teacher } from '../../distill/teacher.ts';
import { float32, type Tensor } from '../../runtime/tensor.ts';
import type { Keeper } from '../keeper.ts';
import { textKey } from '../text-key.ts';
import type { Asker } from './asker.ts';

/** Where answers lie that were given before. */
export interface Answers {
  read(key: Buffer, into: Float32Array): Promise<boolean>;
  add(key: Buffer, rows: Float32Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface ServedParts {
  asker: Pick<Asker, 'ask'>;
  /** Of fixed texts, for every run with this teacher; and of what the student writes, for this run. */
  answers: { fixed: Answers; own: Answers };
  /** Likeliest tokens that are told of each place. */
  topLogprobs: number;
  /** Ids below this are the student's as well. */
  sharedVocabulary: number;
}

/**
 * A teacher behind a server. Of each place of a text it tells the likeliest tokens and the one that is written there
 * (`likeliestHead`); an answer is kept before it is used, so that whoever computes the same step again computes with the
 * same numbers.
 */
export class ServedTeacher implements Teacher, Keeper {
  readonly decoder: Head['decoder'];
  readonly weights: Head['weights'];
  private readonly parts: ServedParts;
  private readonly known: number;
  /** Of texts that are being asked about, by key. */
  private readonly coming = new Map<string, Promise<Float32Array>>();

  constructor(parts: ServedParts) {
    this.parts = parts;
    this.known = Math.min(parts.topLogprobs, parts.sharedVocabulary) + 1;
    ({ decoder: this.decoder, weights: this.weights } = likeliestHead(this.known));
  }

  async hidden({ bucket, spans }: MicroBatch): Promise<Tensor> {
    const width = rowWidth(this.known);
    const rows = new Float32Array(bucket.positions * width);
    fillUnused(rows, this.known);
    await Promise.all(spans.map(async ({ text, start }) => rows.set(await this.rowsOf(text), start * width)));
    return float32(rows, [bucket.positions, width]);
  }

  expect(batches: readonly MicroBatch[]): void {
    // Whoever asks for them hears of what went wrong.
    for (const { text } of batches.flatMap(({ spans }) => spans)) this.rowsOf(text).catch(() => undefined);
  }

  async keep(texts: readonly TrainingExample[], { onDone, signal }: { onDone?(count: number): void; signal?: AbortSignal | undefined } = {}): Promise<void> {
    let done = 0;
    await Promise.all(texts.map(async (text) => {
      if (text.completion.length > 0) await this.rowsOf(text);
      signal?.throwIfAborted();
      onDone?.(++done);
    }));
    await this.parts.answers.fixed.sync();
  }

  rest(): Promise<void> {
    return Promise.resolve();
  }

  async release(): Promise<void> {
    await Promise.allSettled(this.coming.values());
    await this.parts.answers.fixed.close();
    await this.parts.answers.own.close();
  }

  /** Rows of a text's learned places. */
  private rowsOf(text: TrainingExample): Promise<Float32Array> {
    const key = textKey(text);
    const name = `${text.isOnPolicy ? 'own' : 'fixed'} ${key.toString('hex')}`;
    const known = this.coming.get(name);
    if (known) return known;
    const rows = this.recall(text, key).finally(() => this.coming.delete(name));
    this.coming.set(name, rows);
    return rows;
  }

  private async recall(text: TrainingExample, key: Buffer): Promise<Float32Array> {
    const answers = this.parts.answers[text.isOnPolicy ? 'own' : 'fixed'];
    const width = rowWidth(this.known);
    const rows = new Float32Array(learnedCount(text) * width);
    if (await answers.read(key, rows)) return rows;
    const told = await this.parts.asker.ask({ ids: [...text.prompt, ...text.completion], from: text.prompt.length });
    learnedPlaces(text).forEach((place, at) => {
      const { likeliest, written } = told[place]!;
      packRow(rows.subarray(at * width, (at + 1) * width), likeliest, written, this.parts.sharedVocabulary);
    });
    await answers.add(key, rows);
    return rows;
  }
}
