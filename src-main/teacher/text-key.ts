import { createHash } from 'node:crypto';
import type { TrainingExample } from '../distill/batch.ts';

/** Bytes of a key. */
export const KEY_BYTES = 32;

/** What tells a text's hidden states from all others of a model: its tokens, and which of them are learned. */
export function textKey({ prompt, completion, learned }: Pick<TrainingExample, 'prompt' | 'completion' | 'learned'>): Buffer {
  const hash = createHash('sha256');
  hash.update(Int32Array.of(prompt.length, completion.length)).update(prompt).update(completion);
  if (learned && learned.includes(0)) hash.update(learned);
  return hash.digest();
}
