import { z } from 'zod';
import { Problem } from '../contract/problem.ts';
import { ask, malformed } from './ask.ts';
import { serverName, type Server } from './server.ts';
import { mostOfJudging, toldPlace } from './told-place.ts';
import { idSchema, LEAST, likeliestFirst, type AskedText, type TokenAnswer, type TokenServer, type WritingSettings, type WrittenTokens } from './token-answers.ts';

/** By the token's id, which JSON writes as a name. */
const place = z.record(z.string().regex(/^\d+$/).transform(Number).pipe(idSchema), z.object({ logprob: z.number().nullable() })).nullable();
const judgedSchema = z.object({ choices: z.array(z.object({ index: z.int(), prompt_logprobs: z.array(place).nullish(), prompt_token_ids: z.array(z.int()).nullish() })) });
const writtenSchema = z.object({
  choices: z.array(z.object({
    index: z.int(), finish_reason: z.string().nullish(), token_ids: z.array(idSchema).nullish(), logprobs: z.object({ tokens: z.array(z.string()).nullish() }).nullish(),
  })),
});

/** vLLM's `/v1/completions` over token ids. @param model  as the server lists it */
export function vllmServer(server: Server, model: string): TokenServer {
  return {
    judge: async (texts, signal) => {
      const answer = await ask(server, '/v1/completions', {
        model, prompt: texts.map(({ ids }) => ids), max_tokens: 1, temperature: 0, prompt_logprobs: server.topLogprobs, return_tokens_as_token_ids: true, return_token_ids: true,
      }, signal, mostOfJudging(texts.reduce((total, { ids }) => total + ids.length, 0), server.topLogprobs));
      const judged = judgedSchema.safeParse(answer);
      if (!judged.success) throw malformed(server, 'without choices that can be read');
      const byIndex = new Map(judged.data.choices.map((choice) => [choice.index, choice]));
      return texts.map((text, at) => placesOf(server, text, byIndex.get(at)));
    },
    write: async (prompts, settings, signal) => {
      const answer = await ask(server, '/v1/completions', {
        model, prompt: prompts, ...sampling(settings), max_tokens: settings.maxTokens, stop_token_ids: settings.eos,
        logprobs: 1, return_tokens_as_token_ids: true, return_token_ids: true,
      }, signal);
      const written = writtenSchema.safeParse(answer);
      if (!written.success) throw malformed(server, 'without choices that can be read');
      const byIndex = new Map(written.data.choices.map((choice) => [choice.index, choice]));
      return prompts.map((_, at): WrittenTokens => {
        const choice = byIndex.get(at);
        const tokens = choice?.token_ids ?? choice?.logprobs?.tokens?.map((token) => Number(/^token_id:(\d+)$/.exec(token)?.[1] ?? NaN));
        if (!tokens || !tokens.every((token) => idSchema.safeParse(token).success)) throw malformed(server, 'without the tokens that it wrote');
        return { tokens, ended: choice!.finish_reason === 'stop' };
      });
    },
  };
}

const sampling = ({ temperature, topP, seed }: WritingSettings): object => ({ temperature, seed, ...(topP !== undefined && { top_p: topP }) });

function placesOf(server: Server, { ids, from }: AskedText, choice: z.infer<typeof judgedSchema>['choices'][number] | undefined): TokenAnswer[] {
  if (!choice) throw malformed(server, 'about fewer texts than it was asked about');
  const told = choice.prompt_logprobs;
  if (!told) {
    throw new Problem(`${serverName(server)} answers without prompt_logprobs, so it does not say how likely a given text is.`, {
      kind: 'failure', hint: 'Use vLLM or SGLang, or the method "seqkd" with teacher.server.protocol "chat".',
    });
  }
  const read = choice.prompt_token_ids;
  if (read && !(read.length === ids.length && read.every((id, at) => id === ids[at]))) throw malformed(server, 'about another text than the one that it was asked about');
  if (told.length !== ids.length) throw malformed(server, `for ${told.length} tokens of a text of ${ids.length}`);
  return ids.slice(from).map((id, offset) => {
    const tokens = Object.entries(told[from + offset] ?? {}).map(([name, { logprob }]) => ({ id: Number(name), logprob: logprob ?? LEAST }));
    const written = tokens.find((token) => token.id === id);
    if (!written) throw malformed(server, 'without the token that is written at a place');
    const likeliest = likeliestFirst(tokens);
    // One more than was asked for is the written one.
    return toldPlace(server, written, likeliest.length > server.topLogprobs ? likeliest.filter((token) => token !== written) : likeliest);
  });
}
