import { hasChatTemplate } from '../text/chat/chat-template.ts';
import { check, notice } from './check.ts';

/** A model that was made for chats sees chats. */
export const plainInstruct = check('plain-instruct', ['recipe', 'student'], async ({ recipe: { data }, student }) => {
  if (data.chat || data.messages !== undefined || !await hasChatTemplate(student.folder.companions)) return;
  // Who writes the turns themselves has them already.
  const specials = student.tokenizer.specialIds().map((id) => student.tokenizer.tokenOf(id)!).filter((token) => token.length > 2);
  if (specials.some((token) => data.prompt?.includes(token))) return;
  return [notice('plain-instruct', {
    field: 'data.chat', message: 'The student has a chat template, and its prompts are plain text: it was made to answer within a chat.',
    mend: { label: 'Wrap prompts as chat turns', patch: { data: { chat: true } } },
  })];
});

/** An answer within a chat begins as the template begins it. */
export const leadingBlank = check('leading-blank', ['recipe'], ({ recipe: { data } }) => {
  const blank = /^\s+/.exec(data.completion ?? '')?.[0];
  if (!data.chat || data.messages !== undefined || blank === undefined) return;
  return [notice('leading-blank', {
    field: 'data.completion', message: `The completion begins with ${JSON.stringify(blank)}, and chat is on: that blank is left out, since no template begins a turn with one.`,
    mend: { label: 'Take the blank away', patch: { data: { completion: data.completion!.trimStart() } } },
  })];
});
