import { Problem } from '../../contract/problem.ts';
import type { Model } from '../../model/load-model.ts';

/** How many tokens an answer may have: those asked for, as far as the context has room behind the prompt. @throws Problem where it has none */
export function answerRoom(promptTokens: number, asked: number, { decoder: { contextLength }, folder }: Model): number {
  if (contextLength === null) return asked;
  if (promptTokens >= contextLength) {
    throw new Problem(`The prompt has ${promptTokens} tokens, and the context of ${folder.path} is ${contextLength}: there is no room for an answer.`, { hint: 'Shorten it, or begin a new conversation.' });
  }
  return Math.min(asked, contextLength - promptTokens);
}
