import { Problem } from '../contract/problem.ts';
import { hubName, isUnread, type Hub } from './hub.ts';
import { PassingFault } from './passing-fault.ts';
import { pageOf, type Repository } from './repository.ts';

/** What is asked for: the repository, and where it is one file of it, that. */
export interface Asked { readonly repository?: Repository; readonly file?: string }

/** What an answer that is none means, in one sentence for the person. */
export function refusalOf(hub: Hub, { status, headers }: Response, asked: Asked): Problem | PassingFault {
  const name = hubName(hub);
  const what = asked.repository ? whatOf(asked.repository) : 'what was asked for';
  const code = headers.get('x-error-code') ?? '';
  if (status === 401 || status === 403) return locked(hub, status, code, asked);
  if (status === 404) return missing(hub, code, asked);
  if (status === 429) return busy(hub, headers.get('retry-after'));
  if (status === 451 || code === 'DisabledRepo') return new Problem(`${name} does not give out ${what} any more.`, { hint: 'Its page may say why.' });
  if (status === 408 || status >= 500) {
    return new PassingFault(new Problem(`${name} has a fault of its own (status ${status}).`, { kind: 'failure', hint: 'Try again later; what was downloaded is kept.' }));
  }
  return new Problem(`${name} refused ${what} (status ${status}).`, { kind: 'failure' });
}

function locked(hub: Hub, status: number, code: string, { repository }: Asked): Problem {
  const name = hubName(hub);
  const what = repository ? whatOf(repository) : 'what was asked for';
  const page = repository ? pageOf(hub.url, repository) : hub.url;
  if (hub.token !== null && !isUnread(new URL(hub.url))) {
    return new Problem(`${name} wants a token for ${what}, and none was sent because the connection to it is not encrypted.`, { hint: 'Use the address of the hub that begins with https.' });
  }
  if (code === 'GatedRepo' || status === 403) {
    return hub.token === null
      ? new Problem(`${capital(what)} is gated: its owners want to know who uses it.`, { hint: `Accept its conditions at ${page}, then give a token of your account: in HF_TOKEN, or under Settings in the application.` })
      : new Problem(`The account of your token may not have ${what}.`, { hint: `Accept its conditions at ${page}; where its owners decide, wait for their answer.` });
  }
  // A hub does not tell a stranger what is private from what does not exist.
  return hub.token === null
    ? new Problem(`${name} has no public ${what}.`, { hint: 'Look at the spelling; a private one needs a token: in HF_TOKEN, or under Settings in the application.' })
    : new Problem(`${name} does not accept the token for ${what}.`, { hint: 'It may be of another account, or not good any more: make a new one that may read, and give it in HF_TOKEN or under Settings.' });
}

function missing(hub: Hub, code: string, { repository, file }: Asked): Problem {
  if (repository && code === 'RevisionNotFound') return new Problem(`${capital(whatOf(repository))} has no revision "${repository.revision}".`, { hint: `See ${pageOf(hub.url, repository)}.` });
  if (repository && file !== undefined) return new Problem(`${capital(whatOf(repository))} has no file ${file}.`, { hint: `See ${pageOf(hub.url, repository)}.` });
  return new Problem(`${hubName(hub)} has no ${repository ? whatOf(repository) : 'such address'}.`, { hint: 'Look at the spelling, and whether it is a model or a data set.' });
}

function busy(hub: Hub, retryAfter: string | null): Problem | PassingFault {
  const seconds = retryAfter === null ? null : /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  const wait = seconds === null || !Number.isFinite(seconds) ? null : Math.max(0, seconds * 1000);
  const problem = new Problem(`${hubName(hub)} has had too many requests${wait === null ? '' : ` and asks to wait ${Math.ceil(wait / 1000)} s`}.`, {
    kind: 'failure', hint: hub.token === null ? 'Try again later; with a token (HF_TOKEN) it allows more.' : 'Try again later; what was downloaded is kept.',
  });
  return wait !== null && wait > hub.timing.longestPause ? problem : new PassingFault(problem, wait);
}

const whatOf = ({ kind, id }: Repository): string => `${kind === 'model' ? 'model' : 'data set'} ${id}`;
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
