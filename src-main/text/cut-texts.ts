import type { Lengths, LengthSummary } from '../contract/data-view.ts';
import type { Finding } from '../contract/finding.ts';
import type { TokenLimits } from './encode.ts';

/**
 * What the limits of a recipe cut off its texts, in words; nothing where all of them fit.
 * @param what     names the examples: "training"
 * @param context  the most tokens that a prompt and its completion may have together; null where there is no such bound
 */
export function cutTexts({ examples, prompt, completion, cutPrompts, cutCompletions }: LengthSummary, limits: TokenLimits, what: string, context: number | null): Finding[] {
  const found: Finding[] = [];
  /** To what all but the longest hundredth of the texts need, or all of them, as far as the context goes. */
  const raise = (field: keyof TokenLimits, { p99, max }: Lengths): Pick<Finding, 'field' | 'mend'> => {
    const room = context === null ? Infinity : context - (limits.maxPromptTokens + limits.maxCompletionTokens - limits[field]);
    const wanted = Math.min(p99 > limits[field] ? p99 : max, room);
    return { field: `data.${field}`, ...(wanted > limits[field] && { mend: { label: `Raise it to ${wanted}`, patch: { data: { [field]: wanted } } } }) };
  };
  if (cutPrompts > 0) {
    found.push({
      code: 'cut-prompts', level: 'notice', ...raise('maxPromptTokens', prompt!),
      message: `${cutPrompts} of ${examples} ${what} prompts are longer than data.maxPromptTokens, ${limits.maxPromptTokens}, and lose their beginning; the longest has ${prompt!.max} tokens.`,
    });
  }
  if (cutCompletions > 0) {
    found.push({
      code: 'cut-completions', level: 'notice', ...raise('maxCompletionTokens', completion!),
      message: `${cutCompletions} of ${examples} ${what} completions are longer than data.maxCompletionTokens, ${limits.maxCompletionTokens}, and lose their end, `
        + `the token that ends the text with it: nothing is learned there about stopping. The longest has ${completion!.max} tokens.`,
    });
  }
  return found;
}
