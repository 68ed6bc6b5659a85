import { z } from 'zod';
import { help } from './help.ts';

/** How a server is asked: by vLLM's completions or SGLang's own interface over token ids, or, for its texts alone, by the chats that most services have. */
const PROTOCOLS = ['vllm', 'sglang', 'chat'] as const;

const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** A teacher that runs elsewhere: `teacher.server` of a recipe. A key is no part of it. */
export const serverSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/, message: 'an address that begins with http:// or https:// is expected' }).meta(help(
    'Address of the server, for example http://127.0.0.1:8000. It is sent the texts of the run as tokens, so you are asked before the first run that sends to an address. A key that it wants is taken from the environment variable RETORT_SERVER_KEY, or from the system\'s key store, where the window keeps one for the address; it never stands here.')),
  protocol: z.enum(PROTOCOLS).default('vllm').meta(help(
    'What the server speaks. vllm and sglang tell how likely every token of a text is, which every divergence needs; chat is any OpenAI-compatible service (Ollama, LM Studio, llama.cpp\'s server), which only writes texts: for the method seqkd.')),
  model: z.string().min(1).optional().meta(help('Name of the model, as the server lists it. Left out: the only one that it lists.')),
  topLogprobs: z.int().positive().max(300_000).default(20).meta(help(
    'How many of the likeliest tokens the server tells at every position, beside the one that is written there; all others count together. vLLM allows 20 unless it is started with --max-logprobs. What the tokens cover is measured in every step.')),
  allowRemote: z.boolean().default(false).meta(help('Let texts leave this machine. Off: only localhost is asked. Whatever it says, you are asked before the first run that sends to an address.')),
  timeoutSeconds: z.number().positive().max(3600).default(120).meta(help('How long one answer may take. A run waits for a server that does not answer, and says so.')),
  parallel: z.int().positive().max(64).default(4).meta(help('Requests that are on their way at once.')),
}).superRefine(({ url, allowRemote }, context) => {
  if (!URL.canParse(url)) return;
  const { hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') context.addIssue({ code: 'custom', path: ['url'], input: url, message: 'holds a name or a password; leave them out, and give the key in RETORT_SERVER_KEY' });
  else if (!allowRemote && !LOCAL_HOST.test(hostname)) context.addIssue({ code: 'custom', path: ['url'], input: url, message: 'is on another machine; set allowRemote if the texts of the run may go there' });
});

export type ServerSettings = z.infer<typeof serverSchema>;
