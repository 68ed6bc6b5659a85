import { Problem } from '../../contract/problem.ts';
import type { Feed } from '../feed.ts';
import type { CallsOf, Handlers } from '../handlers.ts';
import { Spaced } from '../spaced.ts';
import type { Workers } from '../workers.ts';

/** Milliseconds between two words on how a text grows. */
const TELL_EVERY = 80;

/** Lets models take their turns; the worker keeps them open for the next. */
export function chatCalls({ workers, feed }: { workers: Workers; feed: Feed }): Handlers<CallsOf<'chat'>> {
  const going = new Map<string, AbortController>();
  return {
    'chat.answer': async ({ id, model, messages, plain, ...how }) => {
      if (going.has(id)) throw new Problem('This answer is being written.');
      const stopping = new AbortController();
      going.set(id, stopping);
      const warnings: string[] = [];
      const growing = new Spaced<string>((text) => feed.publish({ topic: 'chat', id, text }), TELL_EVERY);
      let written = '';
      try {
        const prompt = plain ? messages.at(-1)!.content ?? '' : null;
        const answer = await workers.during('chat', (host) => host.request('generate', {
          ...how, model, device: 'cpu', system: null, prompt, messages: plain ? null : messages, chat: false, keeps: true,
        }, {
          signal: stopping.signal,
          onEvent: (event) => {
            if (event.event === 'warning') warnings.push(event.message);
            else growing.take(written += event.text);
          },
        }));
        const { text, tokens, promptTokens, ended, ms } = answer;
        return { text, tokens: tokens.length, promptTokens, ended, ms, warnings };
      } finally {
        growing.end();
        going.delete(id);
      }
    },
    'chat.stop': async ({ id }) => {
      going.get(id)?.abort(new Problem('Stopped before its first word.'));
      return null;
    },
  };
}
