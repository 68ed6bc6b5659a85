import type { EncodedExample } from '../../text/encoded-example.ts';

/** An example as one line of `data/*.jsonl`: tokens, as Retort learns them, and texts to be read. */
export interface HandedExample {
  /** Its place in the person's file. */
  row: number;
  prompt: string;
  reference: string | null;
  /** What stands before the learned text, and the learned text; `learned` says which of its tokens are, null for all. */
  context: number[];
  completion: number[];
  learned: number[] | null;
  /** What the student goes on from where that is not `context`. */
  start: number[] | null;
}

export function handedExample({ index, promptText, completionText, prompt, context, completion, learned }: EncodedExample): HandedExample {
  const isSame = prompt.length === context.length && prompt.every((token, at) => token === context[at]);
  return {
    row: index, prompt: promptText, reference: completionText, context: [...context], completion: [...completion],
    learned: learned && [...learned], start: isSame ? null : [...prompt],
  };
}
