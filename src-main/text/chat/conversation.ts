import { z } from 'zod';
import { Problem } from '../../contract/problem.ts';

const ROLES = ['system', 'user', 'assistant', 'tool'] as const;

export interface ChatMessage { role: (typeof ROLES)[number]; content: string }

const part = z.object({ type: z.literal('text'), text: z.string() });
const parts = z.array(part).transform((all) => all.map(({ text }) => text).join(''));
const messagesSchema = z.array(z.object({
  role: z.enum(ROLES),
  content: z.union([z.string(), parts], 'expected text, or a list of {"type": "text", "text": "..."}'),
})).min(1, 'there are none');

/**
 * A conversation cut before its last assistant turn: what the model is given, and what it is to say. One that ends
 * otherwise is all prompt. @param where  names the row in messages.
 */
export function splitConversation(value: unknown, where: string): { prompt: ChatMessage[]; completion: string | null } {
  const parsed = messagesSchema.safeParse(typeof value === 'string' ? parseJson(value) : value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Problem(`${where}: the chat messages are wrong at ${issue!.path.join('.') || 'the top'}: ${issue!.message}.`, {
      hint: 'Expected [{"role": "user", "content": "..."}, ...].',
    });
  }
  const messages = parsed.data;
  const last = messages.at(-1)!;
  if (last.role !== 'assistant') return { prompt: messages, completion: null };
  if (messages.length === 1) throw new Problem(`${where}: the conversation has no turn before the assistant's.`, { hint: 'Begin with a user turn.' });
  return { prompt: messages.slice(0, -1), completion: last.content };
}

/** CSV and Parquet keep conversations as text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
