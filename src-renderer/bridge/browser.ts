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
    async upload(file, onShare) {
      const { path } = JSON.parse(await send(`/api/upload?name=${encodeURIComponent(file.name)}`, file, onShare)) as { path: string };
      return path;
    },
  };
}

const silent = (): Problem => new Problem(NO_ANSWER, { kind: 'failure', hint: 'It has ended, or the connection is gone. Start retort serve again.' });

async function post(path: string, body: BodyInit, type: string): Promise<Response> {
  const response = await fetch(path, { method: 'POST', body, headers: { 'content-type': type } }).catch(() => { throw silent(); });
  refuseFailed(response);
  return response;
}

/** Sends a file, of which `fetch` would not tell how much has arrived. @returns what was answered */
async function send(path: string, file: File, onShare: (share: number) => void): Promise<string> {
  const request = new XMLHttpRequest();
  await new Promise<void>((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => { onShare(total > 0 ? loaded / total : 0); };
    request.onload = () => { resolve(); };
    request.onerror = () => { reject(silent()); };
    request.open('POST', path);
    request.setRequestHeader('content-type', 'application/octet-stream');
    onShare(0);
    request.send(file);
  });
  refuseFailed({ ok: request.status >= 200 && request.status < 300, status: request.status, statusText: request.statusText });
  return request.responseText;
}

/** @throws Problem where a request was not answered as it should be */
function refuseFailed({ ok, status, statusText }: Pick<Response, 'ok' | 'status' | 'statusText'>): void {
  if (status === 401 || status === 403) {
    throw new Problem('This browser may not use Retort.', { hint: 'Open the address that retort serve printed when it started.' });
  }
  if (!ok) throw new Problem(`Retort answered ${status} ${statusText}.`, { kind: 'failure' });
}
