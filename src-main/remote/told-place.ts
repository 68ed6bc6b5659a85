import { Problem } from '../contract/problem.ts';
import { malformed } from './ask.ts';
import { serverName, type Server } from './server.ts';
import { LEAST, type TokenAnswer, type ToldToken } from './token-answers.ts';

/** Probabilities of one place sum to no more than 1; what is rounded is off by far less than this. */
const ROUNDING = 0.01;
/** No vocabulary is so large that its likeliest token would be less likely than this, in nats. */
const FLAT = -Math.log(2 ** 24);

/**
 * What a server tells of a place, looked at: numbers that no distribution has would be learned from without a word.
 * @throws PassingFault where it is no distribution; Problem where it is less than was asked for
 */
export function toldPlace(server: Server, written: ToldToken, likeliest: readonly ToldToken[]): TokenAnswer {
  const [first] = likeliest;
  if (!first) throw malformed(server, 'without the likeliest tokens of a place');
  const sum = likeliest.reduce((total, { logprob }) => total + Math.exp(logprob), 0);
  const isDistribution = sum <= 1 + ROUNDING && first.logprob >= FLAT && written.logprob <= first.logprob + ROUNDING;
  if (!isDistribution || new Set(likeliest.map(({ id }) => id)).size < likeliest.length) {
    throw malformed(server, 'with probabilities that are none: they sum to more than 1, all vanish, or count a token twice');
  }
  // Who tells less than was asked for and has nothing left to tell has a small vocabulary.
  if (likeliest.length < server.topLogprobs && sum < 1 - ROUNDING) {
    throw new Problem(`${serverName(server)} tells ${likeliest.length} of the likeliest tokens of a place, and ${server.topLogprobs} were asked for.`, {
      kind: 'failure', hint: `Set teacher.server.topLogprobs to ${likeliest.length}, or start the server so that it tells more.`,
    });
  }
  // Of what is as good as nothing a float32 knows no logarithm.
  const told = ({ id, logprob }: ToldToken): ToldToken => ({ id, logprob: Math.max(logprob, LEAST) });
  return { written: told(written), likeliest: likeliest.map(told) };
}

/** Bytes of an answer about so many tokens at the most, however a server writes it. */
export const mostOfJudging = (tokens: number, topLogprobs: number): number => Math.min(384 * 2 ** 20, 2 ** 20 + tokens * (topLogprobs + 2) * 256);
