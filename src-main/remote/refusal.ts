import { z } from 'zod';
import { Problem } from '../contract/problem.ts';
import { visibleLine } from '../contract/visible.ts';
import { isUnread } from '../hub/hub.ts';
import { PassingFault } from '../hub/passing-fault.ts';
import { serverName, type Server } from './server.ts';

/** A server's no, which does not pass by waiting. */
export class Refused extends Problem {
  readonly status: number;

  constructor(message: string, hint: string, status: number) {
    super(message, { kind: 'failure', hint });
    this.status = status;
  }
}

/** Most characters of a server's own words that a message shows. */
const SHOWN = 200;
/** Milliseconds that a server is waited for at the most where it asks for longer. */
const LONGEST_PAUSE = 600_000;

const wordsSchema = z.union([
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
  z.object({ error: z.string() }).transform(({ error }) => error),
  z.object({ message: z.string() }).transform(({ message }) => message),
  z.object({ detail: z.string() }).transform(({ detail }) => detail),
]);

/** What an answer that is none means, in one sentence for the person. */
export function refusalOf(server: Server, path: string, status: number, retryAfter: string | null, body: string): Problem | PassingFault {
  const name = serverName(server);
  const said = wordsOf(body);
  const fault = (what: string, hint: string): Problem => new Refused(`${name} ${what}`, hint, status);
  if (status === 401 || status === 403) return locked(server, status, fault);
  if (status === 404 && /model/i.test(said)) return fault(`does not know the model: ${said}`, 'Choose one that it lists in teacher.server.model.');
  if (status === 404 || status === 405) {
    return fault(`has no ${path} (status ${status}), which teacher.server.protocol "${server.protocol}" needs.`,
      'Check the address, and whether the server speaks this protocol: vLLM is "vllm", SGLang "sglang", and others, such as Ollama, LM Studio and llama.cpp, "chat".');
  }
  if (status === 429) return new PassingFault(fault('wants fewer requests (status 429).', 'Lower teacher.server.parallel.'), pauseOf(retryAfter));
  if (status === 408 || status >= 500) return new PassingFault(fault(`has a fault of its own (status ${status})${said && `: ${said}`}`, 'Look at its own log.'), pauseOf(retryAfter));
  const most = /greater than max allowed: (\d+)/.exec(said)?.[1];
  if (most !== undefined) {
    return fault(`tells at most ${most} of the likeliest tokens, and teacher.server.topLogprobs is ${server.topLogprobs}.`, `Set teacher.server.topLogprobs to ${most}, or start the server with --max-logprobs ${server.topLogprobs}.`);
  }
  if (/prompt_?logprobs|return_logprob/i.test(said)) return fault(`tells no log-probabilities of given texts: ${said}`, 'Use vLLM or SGLang, or the method "seqkd" with teacher.server.protocol "chat".');
  if (/out of vocabulary|context length|maximum.*length/i.test(said)) return fault(`cannot read a text of this run: ${said}`, 'Check that its model has the student\'s tokenizer and reads texts as long as the recipe\'s.');
  return fault(`refused what was asked (status ${status}): ${said || 'it does not say why'}`, 'Look at its own log.');
}

function locked({ key, url }: Server, status: number, fault: (what: string, hint: string) => Problem): Problem {
  const where = 'Give it in the environment variable RETORT_SERVER_KEY where Retort is started, or in the window beside the address.';
  if (key === null) return fault(`wants a key (status ${status}).`, where);
  if (!isUnread(new URL(url))) return fault('wants a key, and none was sent because the connection to it is not encrypted.', 'Use an address that begins with https.');
  return fault(`does not take the key (status ${status}).`, `Check the key. ${where}`);
}

/** A server's own words, if they are found. */
function wordsOf(body: string): string {
  try {
    const words = wordsSchema.safeParse(JSON.parse(body));
    if (words.success) return visibleLine(words.data).slice(0, SHOWN);
  } catch {
    // Not JSON: an error page, or plain text.
  }
  return /^\s*</.test(body) ? '' : visibleLine(body.trim()).slice(0, SHOWN);
}

/** Of Retry-After, seconds or a date, in milliseconds. */
function pauseOf(value: string | null): number | null {
  if (value === null) return null;
  const wanted = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wanted) ? Math.min(Math.max(0, wanted), LONGEST_PAUSE) : null;
}
