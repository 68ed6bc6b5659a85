import { Problem } from '../contract/problem.ts';
import { rowName } from '../data/read.ts';
import type { EncodedExample } from '../text/encoded-example.ts';

/** Most tokens that a prompt may have, and what that is called. */
export interface PromptRoom { tokens: number; name: string; hint(longest: number): string }

/** Refuses prompts that are too long with their shots: it is the beginning of the shots that they would lose. */
export function checkShotsFit(path: string, examples: readonly Pick<EncodedExample, 'index' | 'promptLength' | 'shotTokens'>[], { tokens, name, hint }: PromptRoom): void {
  const long = examples.filter(({ promptLength }) => promptLength > tokens);
  const [first] = long;
  if (!first || first.shotTokens === 0) return;
  const longest = long.reduce((most, { promptLength }) => Math.max(most, promptLength), 0);
  throw new Problem(
    `The shots have ${first.shotTokens} tokens; with them ${long.length} of ${examples.length} prompts (${rowName(path, first.index)} is the first, the longest has ${longest} tokens) `
    + `are longer than ${name}, ${tokens}.`,
    { hint: hint(longest) });
}
