import { hasChatTemplate } from '../text/chat/chat-template.ts';
import { isHolder } from '../data/document-rows.ts';
import { Template } from '../contract/template.ts';
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

/** Conversations are written by the model's chat template, not as JSON within a prompt. */
export const messagesAsText = check('messages-as-text', ['recipe', 'train'], async ({ recipe: { data }, train }) => {
  const [first] = train.count === 0 ? [] : await train.read([0]);
  if (!first || data.messages !== undefined) return;
  for (const field of ['prompt', 'completion'] as const) {
    const column = new Template(data[field] ?? '').columns.find((name) => isConversation(first.row[name]));
    if (column === undefined) continue;
    return [notice('messages-as-text', {
      field: `data.${field}`, message: `The column "${column}" holds chat messages, and data.${field} puts them into the text as JSON.`,
      hint: 'Name a column with whole conversations as data.messages; where prompt and completion have messages of their own, join the two lists into one column.',
      ...(field === 'prompt' && data.completion === undefined && { mend: { label: 'Take them as a conversation', patch: { data: { messages: column, prompt: null, chat: null } } } }),
    })];
  }
});

/** A list of nothing but turns, each with its role and what it says. */
const isConversation = (value: unknown): boolean => Array.isArray(value) && value.length > 0
  && value.every((turn) => isHolder(turn) && (('role' in turn && 'content' in turn) || ('from' in turn && 'value' in turn)));
