import { z } from 'zod';
import { ask, malformed } from './ask.ts';
import type { Server } from './server.ts';

/** A turn of a conversation, in the field's usual words. */
export interface SentTurn { readonly role: string; readonly content?: unknown }

const answerSchema = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string().nullable() }), finish_reason: z.string().nullish() })).min(1) });

export interface ChatSettings { readonly maxTokens: number; /** 0 is greedy. */ readonly temperature: number; readonly seed: number }

/** One answer of an OpenAI-compatible chat service. @returns its text, and whether it came to its end */
export async function chatAnswer(server: Server, model: string, turns: readonly SentTurn[], { maxTokens, temperature, seed }: ChatSettings, signal?: AbortSignal): Promise<{ text: string; ended: boolean }> {
  const answer = answerSchema.safeParse(await ask(server, '/v1/chat/completions', { model, messages: turns, max_tokens: maxTokens, temperature, seed, stream: false }, signal));
  if (!answer.success) throw malformed(server, 'without a message that can be read');
  const { message, finish_reason: reason } = answer.data.choices[0]!;
  return { text: message.content ?? '', ended: reason !== 'length' };
}
