import { z } from 'zod';
import { Problem } from '../contract/problem.ts';
import { ask, malformed } from './ask.ts';
import { serverName, type Server } from './server.ts';
import { mostOfJudging, toldPlace } from './told-place.ts';
import { idSchema, LEAST, likeliestFirst, type AskedText, type TokenAnswer, type TokenServer, type ToldToken, type WrittenTokens } from './token-answers.ts';

/** [log-probability, id, text]; the first of a list has no log-probability. */
const told = z.tuple([z.number().nullable(), idSchema.nullable()], z.unknown());
const judgedSchema = z.array(z.object({ meta_info: z.object({ input_token_logprobs: z.array(told).nullish(), input_top_logprobs: z.array(z.array(told).nullable()).nullish() }) }));
const writtenSchema = z.array(z.object({
  output_ids: z.array(idSchema).nullish(),
  meta_info: z.object({ output_token_logprobs: z.array(told).nullish(), finish_reason: z.object({ type: z.string() }).nullish() }),
}));

/** SGLang's own `/generate` over token ids. */
export function sglangServer(server: Server): TokenServer {
  return {
    judge: async (texts, signal) => {
      const answer = await ask(server, '/generate', {
        input_ids: texts.map(({ ids }) => ids), sampling_params: { max_new_tokens: 1, temperature: 0 }, return_logprob: true,
        // The list begins with a token of which nothing is told: the one before the first that is asked about.
        logprob_start_len: texts.map(({ from }) => from - 1), top_logprobs_num: texts.map(() => server.topLogprobs),
      }, signal, mostOfJudging(texts.reduce((total, { ids }) => total + ids.length, 0), server.topLogprobs));
      const judged = judgedSchema.safeParse(answer);
      if (!judged.success || judged.data.length !== texts.length) throw malformed(server, 'in a way that cannot be read');
      return texts.map((text, at) => placesOf(server, text, judged.data[at]!.meta_info));
    },
    write: async (prompts, { maxTokens, temperature, topP, eos }, signal) => {
      const answer = await ask(server, '/generate', {
        input_ids: prompts, return_logprob: true,
        sampling_params: { max_new_tokens: maxTokens, temperature, stop_token_ids: eos, ...(topP !== undefined && { top_p: topP }) },
      }, signal);
      const written = writtenSchema.safeParse(answer);
      if (!written.success || written.data.length !== prompts.length) throw malformed(server, 'in a way that cannot be read');
      return written.data.map(({ output_ids: ids, meta_info: { output_token_logprobs: logprobs, finish_reason: reason } }): WrittenTokens => {
        const tokens = ids ?? logprobs?.flatMap(([, id]) => id ?? []);
        if (!tokens) throw malformed(server, 'without the tokens that it wrote');
        return { tokens, ended: reason?.type === 'stop' };
      });
    },
  };
}

function placesOf(server: Server, { ids, from }: AskedText, { input_token_logprobs: own, input_top_logprobs: top }: z.infer<typeof judgedSchema>[number]['meta_info']): TokenAnswer[] {
  if (!own || !top) {
    throw new Problem(`${serverName(server)} answers without input_top_logprobs, so it does not say how likely a given text is.`, {
      kind: 'failure', hint: 'Check that it is SGLang, or use the method "seqkd" with teacher.server.protocol "chat".',
    });
  }
  const wanted = ids.length - from + 1;
  if (own.length !== wanted || top.length !== wanted) throw malformed(server, `for ${own.length} tokens where ${wanted} were asked about`);
  return ids.slice(from).map((id, offset) => {
    const likeliest = (top[offset + 1] ?? []).flatMap(([logprob, token]): ToldToken[] => (token === null ? [] : [{ id: token, logprob: logprob ?? LEAST }]));
    const [logprob, token] = own[offset + 1]!;
    if (token !== id) throw malformed(server, 'about another text than the one that it was asked about');
    return toldPlace(server, { id, logprob: logprob ?? LEAST }, likeliestFirst(likeliest));
  });
}
