import { z } from 'zod';
import { toJson } from '../../contract/exact-number.ts';
import { Problem } from '../../contract/problem.ts';
import type { RewardOf } from '../../contract/reward.ts';
import { checkedValues, type Reward } from './reward.ts';

const answerSchema = z.union([z.object({ rewards: z.array(z.unknown()) }).transform(({ rewards }) => rewards), z.array(z.unknown())]);

/** Most characters of an answer that a message shows. */
const SHOWN = 200;

/** Asks a service for values: a batch is one request, which is not repeated where it fails. */
export function httpReward({ url, timeoutSeconds }: RewardOf<'http'>): Reward {
  const who = `The reward service ${url}`;
  const fail = (what: string, hint: string, cause?: unknown): Problem => new Problem(`${who} ${what}`, { kind: 'failure', hint, cause });
  return {
    range: [-Infinity, Infinity],
    score: async (texts) => {
      if (texts.length === 0) return new Float32Array();
      const { status, body } = await post(url, { examples: texts }, timeoutSeconds).catch((cause: unknown) => {
        if (cause instanceof Error && cause.name === 'TimeoutError') {
          throw fail(`gave no answer within ${timeoutSeconds} seconds.`, 'Raise method.reward.timeoutSeconds, or look at what keeps the service busy.', cause);
        }
        throw fail(`cannot be asked: ${reasonOf(cause)}.`, 'Check that it is running and that the address is right.', cause);
      });
      if (status !== 200) throw fail(`answered with status ${status}: ${body.slice(0, SHOWN)}`, 'Look at the service\'s own log.');
      const answer = answerSchema.safeParse(parsed(body));
      if (!answer.success) throw fail(`answered ${body.slice(0, SHOWN)}`, 'Answer {"rewards": [number, ...]}, one for each example.');
      return checkedValues(answer.data, texts.length, who);
    },
    release: async () => undefined,
  };
}

async function post(url: string, value: unknown, timeoutSeconds: number): Promise<{ status: number; body: string }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'accept': 'application/json' },
    body: toJson(value),
    // A service on this machine may not send the texts on to another.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutSeconds * 1000),
  });
  return { status: response.status, body: await response.text() };
}

/** `fetch` says only that it failed; why is in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || String((error.cause as NodeJS.ErrnoException).code) : error.message;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
