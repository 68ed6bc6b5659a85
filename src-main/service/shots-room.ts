import { Problem } from '../contract/problem.ts';
import { rowName } from '../data/read.ts';
import { readShots } from '../text/shots.ts';
import type { EncodedExample } from '../text/encoded-example.ts';
import type { ExampleSettings } from './examples.ts';

/** Most tokens that a prompt may have, and what that is called. */
export interface PromptRoom { tokens: number; name: string; hint(longest: number): string }

/** Refuses prompts that are too long with their shots: it is the beginning of the shots that they would lose. */
export function checkShotsFit(path: string, examples: readonly EncodedExample[], { tokens, name, hint }: PromptRoom): void {
  const long = examples.filter(({ promptLength }) => promptLength > tokens);
  const [first] = long;
  if (!first || first.shotTokens === 0) return;
  const longest = Math.max(...long.map(({ promptLength }) => promptLength));
  throw new Problem(
    `The shots have ${first.shotTokens} tokens; with them ${long.length} of ${examples.length} prompts (${rowName(path, first.index)} is the first, the longest has ${longest} tokens) `
    + `are longer than ${name}, ${tokens}.`,
    { hint: hint(longest) });
}

/** Refuses to evaluate an example whose own answer stands among the shots. */
export async function checkShotsApart(path: string, examples: readonly EncodedExample[], { shots: settings, ...fields }: Pick<ExampleSettings, 'shots' | 'prompt' | 'completion' | 'messages'>): Promise<void> {
  if (!settings) return;
  const { rows } = await readShots(settings, fields);
  const shown = new Set(rows.map((row) => JSON.stringify(row)));
  const known = examples.find(({ row }) => shown.has(JSON.stringify(row)));
  if (known) throw new Problem(`${rowName(path, known.index)} is one of the shots: its prompt would begin with its own answer.`, { hint: 'Keep the shots apart from the rows that are evaluated.' });
}
