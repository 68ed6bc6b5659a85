import type { EncodedTexts } from './encode.ts';

/** How many tokens an example's texts have, and how many of them were cut off. */
export interface TextLengths {
  prompt: number;
  /** EOS included; 0 where the example has no completion. */
  completion: number;
  cutOfPrompt: number;
  cutOfCompletion: number;
}

export function lengthsOf({ prompt, completion, promptLength, completionLength }: EncodedTexts): TextLengths {
  return {
    prompt: promptLength, completion: completionLength,
    cutOfPrompt: promptLength - prompt.length, cutOfCompletion: completionLength - completion.length,
  };
}
