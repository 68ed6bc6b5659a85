import { z } from 'zod';
import { chatTurnSchema, type ChatTurn } from '../../contract/chat-turn.ts';
import { Problem } from '../../contract/problem.ts';
import { parseExactly } from '../../data/exact-json.ts';
import { asOpenAi } from './sharegpt.ts';

/** A conversation as a chat template gets it, with the tools that the assistant may call. */
export interface Conversation { messages: readonly ChatTurn[]; tools: readonly unknown[] | null }

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function', 'ipython'] as const;

const part = z.object({ type: z.literal('text'), text: z.string() });
const parts = z.array(part).transform((all) => all.map(({ text }) => text).join(''));
const content = z.union([z.string(), parts, z.null()], 'expected text, or a list of {"type": "text", "text": "..."}');
/** What an assistant may say instead of text, or before it. */
const SPOKEN = ['tool_calls', 'function_call', 'reasoning_content', 'reasoning', 'thinking'];
const messagesSchema = z.array(chatTurnSchema.extend({ role: z.enum(ROLES), content: content.optional() }).superRefine((turn, context) => {
  const isSilent = turn.content === null || turn.content === undefined;
  if (!isSilent || (turn.role === 'assistant' && SPOKEN.some((key) => turn[key] !== undefined && turn[key] !== null))) return;
  context.addIssue({ code: 'custom', path: ['content'], message: 'expected text, or tool_calls beside it' });
})).min(1, 'there are none');

/**
 * The messages of a row, with every key that they have: in OpenAI's form or ShareGPT's, also as JSON text.
 * @param where  names the row in messages
 */
export function readMessages(value: unknown, where: string): ChatTurn[] {
  const parsed = messagesSchema.safeParse(asOpenAi(typeof value === 'string' ? parseJson(value) : value));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Problem(`${where}: the chat messages are wrong at ${issue!.path.join('.') || 'the top'}: ${issue!.message}.`, {
      hint: 'Expected [{"role": "user", "content": "..."}, ...], or ShareGPT\'s [{"from": "human", "value": "..."}, ...].',
    });
  }
  const messages = parsed.data;
  if (messages.length === 1 && messages[0]!.role === 'assistant') {
    throw new Problem(`${where}: the conversation has no turn before the assistant's.`, { hint: 'Begin with a user turn.' });
  }
  return messages;
}

/** The tools of a row: a list, also as JSON text; null where it has none. */
export function readTools(value: unknown, where: string): unknown[] | null {
  const tools = typeof value === 'string' && value.trim() !== '' ? parseJson(value) : value;
  if (tools === null || tools === undefined || tools === '') return null;
  if (!Array.isArray(tools)) throw new Problem(`${where}: the tools are ${JSON.stringify(value)}, not a list.`, { hint: 'Expected [{"type": "function", "function": {...}}, ...], also as JSON text.' });
  const other = tools.findIndex((tool) => typeof tool !== 'object' || tool === null || Array.isArray(tool));
  if (other >= 0) throw new Problem(`${where}: tool ${other + 1} is ${JSON.stringify(tools[other])?.slice(0, 80)}, not an object.`, { hint: 'Expected the tool\'s JSON schema, {"type": "function", "function": {...}}; Transformers takes nothing else.' });
  return tools.length === 0 ? null : tools as unknown[];
}

/** Whether a conversation ends with what the assistant is to say. */
export const isAnswered = (messages: readonly ChatTurn[]): boolean => messages.at(-1)?.role === 'assistant';

/** CSV and Parquet keep conversations as text. */
function parseJson(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    return text;
  }
}
