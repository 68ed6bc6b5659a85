import type { DataSettings, Recipe } from './recipe.ts';

/** Tokens of the longest answer of an evaluation. @param heldOut  how held-out rows become texts */
export const answerTokens = ({ evaluate: { maxNewTokens } }: Pick<Recipe, 'evaluate'>, heldOut: Pick<DataSettings, 'maxCompletionTokens'>): number =>
  maxNewTokens ?? heldOut.maxCompletionTokens;

/** The longest text of one kind that a run may have. */
export interface LongestText {
  /** The settings that say so, as a message names them. */
  fields: string;
  tokens: number;
  /** Whether it is judged; another one is only written. */
  isJudged: boolean;
}

/** What a run reads and writes at most: in training, and in evaluations, whose rows a stage with data of its own does not change. */
export function longestTexts({ data, evaluate }: Pick<Recipe, 'data' | 'evaluate'>, heldOut: DataSettings): LongestText[] {
  const isHeldOut = heldOut.validation !== undefined || heldOut.validationShare !== undefined;
  return [
    { fields: 'data.maxPromptTokens and data.maxCompletionTokens', tokens: data.maxPromptTokens + data.maxCompletionTokens, isJudged: true },
    ...(isHeldOut && data !== heldOut ? [{ fields: 'data.maxPromptTokens and data.maxCompletionTokens of held-out rows', tokens: heldOut.maxPromptTokens + heldOut.maxCompletionTokens, isJudged: true }] : []),
    ...(evaluate.maxNewTokens === undefined ? [] : [{ fields: 'data.maxPromptTokens and evaluate.maxNewTokens', tokens: heldOut.maxPromptTokens + evaluate.maxNewTokens, isJudged: false }]),
  ];
}
