import type { ChatTemplate } from './chat-template.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

const ANSWER = 'ANSWER';

/** The special token behind an answer in a model's chats, such as `<|im_end|>`; null where the template puts none there. */
export function endOfTurn(template: ChatTemplate, tokenizer: Tokenizer): number | null {
  const chat = template.render([{ role: 'user', content: 'QUESTION' }, { role: 'assistant', content: ANSWER }], { addGenerationPrompt: false });
  const behind = chat.slice(chat.lastIndexOf(ANSWER) + ANSWER.length);
  const [first] = tokenizer.encode(behind, { special: false });
  return first !== undefined && tokenizer.specialIds().includes(first) ? first : null;
}
