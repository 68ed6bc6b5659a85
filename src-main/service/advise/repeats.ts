import { createHash } from 'node:crypto';
import { rowName } from '../../data/read.ts';
import type { EncodedExample } from '../../text/encoded-example.ts';
import { partsOf, type ExampleSet } from '../../text/example-set.ts';

/** Rows that are looked at, at most, of each of the two parts. */
const MOST = 100_000;
const AT_ONCE = 1024;

/** Rows that are there more than once, and held-out rows that are trained on. */
export interface Repeats {
  train: number;
  /** Training rows of which an equal one stands before them. */
  duplicates: number;
  heldOut: number;
  /** Held-out rows whose prompt and answer are a training row's, and those of which only the prompt is. */
  leaked: number;
  leakedPrompts: number;
  /** Names the first held-out row that is trained on; null where none is. */
  first: string | null;
}

/** @param path  the held-out rows' file */
export async function findRepeats(train: ExampleSet, validation: ExampleSet, path: string, signal: AbortSignal): Promise<Repeats> {
  const [texts, prompts] = [new Set<string>(), new Set<string>()];
  let duplicates = 0;
  for await (const part of partsOf(train, MOST, AT_ONCE)) {
    signal.throwIfAborted();
    for (const example of part) {
      const text = textKey(example);
      if (texts.has(text)) duplicates++;
      texts.add(text);
      prompts.add(promptKey(example));
    }
  }
  let [leaked, leakedPrompts] = [0, 0];
  let first: string | null = null;
  for await (const part of partsOf(validation, MOST, AT_ONCE)) {
    signal.throwIfAborted();
    for (const example of part) {
      if (texts.has(textKey(example))) leaked++;
      else if (prompts.has(promptKey(example))) leakedPrompts++;
      else continue;
      first ??= rowName(path, example.index);
    }
  }
  return { train: Math.min(MOST, train.count), duplicates, heldOut: Math.min(MOST, validation.count), leaked, leakedPrompts, first };
}

const promptKey = ({ promptText }: EncodedExample): string => digest([promptText]);
const textKey = ({ promptText, completionText }: EncodedExample): string => digest([promptText, completionText]);

/** White space at the ends is no difference. */
const digest = (texts: readonly (string | null)[]): string =>
  createHash('sha256').update(JSON.stringify(texts.map((text) => text?.trim() ?? null))).digest('base64').slice(0, 20);
