import type { Method } from '../contract/presets.ts';
import type { Recipe } from '../contract/recipe.ts';
import { roundUp, SHORTEST, type Bucket } from '../distill/bucket.ts';
import { allLengths, type ExampleSet } from '../text/example-set.ts';

/** The most that the texts of a run can be: as long as its data, and where the student writes as long as it may. */
export interface Longest { prompt: number; completion: number }

/** @param examples  the training data; null where it is not known, and the recipe's bounds count */
export function longestTexts({ data }: Recipe, method: Method, examples: ExampleSet | null): Longest {
  const longest = { prompt: 0, completion: 0 };
  for (const { prompt, cutOfPrompt, completion, cutOfCompletion } of examples ? allLengths(examples) : []) {
    longest.prompt = Math.max(longest.prompt, prompt - cutOfPrompt);
    longest.completion = Math.max(longest.completion, completion - cutOfCompletion);
  }
  const writes = method.lambda > 0 || method.source === 'teacher';
  return {
    prompt: longest.prompt || data.maxPromptTokens,
    completion: writes ? data.maxCompletionTokens : longest.completion || data.maxCompletionTokens,
  };
}

/** The largest micro-batch of such texts. */
export function largestBucket({ prompt, completion }: Longest, batch: number, hasEncoder: boolean): Bucket {
  return {
    batch, positions: roundUp(batch * completion, SHORTEST),
    length: roundUp((hasEncoder ? 1 : prompt) + completion - 1, SHORTEST),
    source: hasEncoder ? roundUp(prompt, SHORTEST) : null,
  };
}
