import type { Answer, CallInput, CallName, CallResult } from '../../src-main/contract/api/api.ts';
import type { FeedMessage } from '../../src-main/contract/api/feed.ts';
import { fromReport, Problem } from '../../src-main/contract/problem.ts';
import { NO_ANSWER, type Bridge } from './bridge.ts';
import { ConsentQuestions } from './consent.svelte.ts';
import { Connection } from './connection.svelte.ts';
import { Feed } from './feed.ts';

/** `retort serve` on the other side of HTTP and one WebSocket. */
export function browserBridge(): Bridge {
  const address = new URL('/api/feed', location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const connection = new Connection();
  const feed = new Feed<FeedMessage>(() => new WebSocket(address), { topic: 'resync' }, (isOpen) => { if (isOpen) connection.found(); else void connection.lost(); });
  const consent = new ConsentQuestions();
  const ask = async (name: string, params: unknown): Promise<Answer> =>
    await (await post('/api/call', JSON.stringify({ name, params }), 'application/json')).json() as Answer;
  return {
    kind: 'browser',
    consent,
    native: null,
    get cut() {
      return connection.cut;
    },
    async call<Name extends CallName>(name: Name, params: CallInput<Name>): Promise<CallResult<Name>> {
      let answer = await ask(name, params);
      if (!answer.ok && answer.consent) {
        if (!await consent.ask(answer.consent)) throw new Problem('It was not allowed, so nothing was started.');
        const allowed = await ask('consent.allow', { digests: answer.consent.map(({ digest }) => digest) });
        answer = allowed.ok ? await ask(name, params) : allowed;
      }
      if (!answer.ok) throw fromReport(answer.error);
      return answer.result as CallResult<Name>;
    },
    subscribe: (listener) => feed.subscribe(listener),
    async upload(file) {
      const response = await post(`/api/upload?name=${encodeURIComponent(file.name)}`, file, 'application/octet-stream');
      return (await response.json() as { path: string }).path;
    },
  };
}

async function post(path: string, body: BodyInit, type: string): Promise<Response> {
  const response = await fetch(path, { method: 'POST', body, headers: { 'content-type': type } }).catch(() => {
    throw new Problem(NO_ANSWER, { kind: 'failure', hint: 'It has ended, or the connection is gone. Start retort serve again.' });
  });
  if (response.status === 401 || response.status === 403) {
    throw new Problem('This browser may not use Retort.', { hint: 'Open the address that retort serve printed when it started.' });
  }
  if (!response.ok) throw new Problem(`Retort answered ${response.status} ${response.statusText}.`, { kind: 'failure' });
  return response;
}
