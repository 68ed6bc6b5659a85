import { z } from 'zod';
import { Problem } from '../contract/problem.ts';
import { ask } from './ask.ts';
import { Refused } from './refusal.ts';
import { serverName, type Server } from './server.ts';

const tokensSchema = z.object({ tokens: z.array(z.int()) });
/** Statuses of a server that has no such interface. */
const LACKS: readonly number[] = [404, 405, 501];

/** Texts on which tokenizers that are not the same seldom agree: blanks, numbers, letters of many scripts, program text. */
export const TELLING_TEXTS: readonly string[] = [
  'Hello, world! It\'s 12345.678 o\'clock.', '  two  spaces\tand\n\nlines ', 'naïve Straße Łódź Ελλάδα Привет 你好 こんにちは 안녕 مرحبا 🙂👩‍👩‍👧', 'for (let i = 0; i < 10; i++) { x[i] += 0x1F; }',
];

/** Those that a tokenizer can write: one of few tokens cannot write every text, and need not. */
export const writable = (texts: readonly string[], cut: (text: string) => readonly number[], write: (ids: readonly number[]) => string): string[] =>
  texts.filter((text) => write(cut(text)) === text);

/**
 * Whether a server cuts texts into the tokens that the student's tokenizer cuts them into.
 * @param cut  the student's tokenizer, without special tokens. @returns false where the server has no `/tokenize` to ask. @throws Problem where they differ
 */
export async function compareTokens(server: Server, model: string, texts: readonly string[], cut: (text: string) => readonly number[], signal?: AbortSignal): Promise<boolean> {
  for (const text of texts) {
    let answer: unknown;
    try {
      answer = await ask(server, '/tokenize', { model, prompt: text, add_special_tokens: false }, signal);
    } catch (error) {
      if (error instanceof Refused && LACKS.includes(error.status)) return false;
      throw error;
    }
    const told = tokensSchema.safeParse(answer);
    if (!told.success) return false;
    const own = cut(text);
    const isSame = own.length === told.data.tokens.length && own.every((id, at) => id === told.data.tokens[at]);
    if (isSame) continue;
    throw new Problem(`The model behind ${serverName(server).replace(/^T/, 't')} has another tokenizer than the student: it cuts ${JSON.stringify(text.slice(0, 40))} into [${told.data.tokens.slice(0, 8).join(', ')}], the student's into [${own.slice(0, 8).join(', ')}].`, {
      hint: 'Choose a server with a model of the student\'s family, or the method "seqkd", which learns from texts.',
    });
  }
  return true;
}
