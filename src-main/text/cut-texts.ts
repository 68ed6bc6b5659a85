import type { LengthSummary } from '../contract/data-view.ts';
import type { Finding } from '../contract/finding.ts';
import type { TokenLimits } from './encode.ts';

/** What the limits of a recipe cut off its texts, in words; nothing where all of them fit. @param what  names the examples: "training" */
export function cutTexts({ examples, prompt, completion, cutPrompts, cutCompletions }: LengthSummary, limits: TokenLimits, what: string): Finding[] {
  const found: Finding[] = [];
  const raise = (field: keyof TokenLimits, longest: number): Pick<Finding, 'field' | 'mend'> => (
    { field: `data.${field}`, mend: { label: `Raise it to ${longest}`, patch: { data: { [field]: longest } } } });
  if (cutPrompts > 0) {
    found.push({
      code: 'cut-prompts', level: 'notice', ...raise('maxPromptTokens', prompt!.max),
      message: `${cutPrompts} of ${examples} ${what} prompts are longer than data.maxPromptTokens, ${limits.maxPromptTokens}, and lose their beginning; the longest has ${prompt!.max} tokens.`,
    });
  }
  if (cutCompletions > 0) {
    found.push({
      code: 'cut-completions', level: 'notice', ...raise('maxCompletionTokens', completion!.max),
      message: `${cutCompletions} of ${examples} ${what} completions are longer than data.maxCompletionTokens, ${limits.maxCompletionTokens}, and lose their end, `
        + `the token that ends the text with it: nothing is learned there about stopping. The longest has ${completion!.max} tokens.`,
    });
  }
  return found;
}
