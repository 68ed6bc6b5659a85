import { z } from 'zod';
import { chatTurnSchema, templateVariablesSchema } from '../chat-turn.ts';
import { decodeSchema } from '../recipe.ts';
import { reads } from './call.ts';

const path = z.string().min(1).max(4096);
const id = z.string().min(1).max(200);

/** Models that answer side by side. */
export const MOST_TALKING = 4;

/** What one model wrote: its text, its length and that of what it was asked in tokens, milliseconds of writing, warnings. */
export interface ChatAnswer { text: string; tokens: number; promptTokens: number; ended: boolean; ms: number; warnings: string[] }

/** Talking to a model. Nothing of it is kept here; the page keeps the conversation. */
export const CHAT_CALLS = {
  /** The next turn of a conversation, or where `plain` says so the text that goes on from its last turn. It is told while it grows (topic `chat`). */
  'chat.answer': reads<ChatAnswer>()(z.strictObject({
    id, model: path, messages: z.array(chatTurnSchema).min(1).max(1000), plain: z.boolean(), template: templateVariablesSchema.optional(),
    maxNewTokens: z.int().min(1).max(32_768), decode: decodeSchema, seed: z.int().min(0).max(2 ** 32 - 1),
  })),
  /** Ends an answer where it is; what was written so far stays on the page. */
  'chat.stop': reads<null>()(z.strictObject({ id })),
};
