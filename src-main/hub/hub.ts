import { Problem } from '../contract/problem.ts';

/** Milliseconds that a hub is waited for. */
export interface HubTiming {
  /** For the beginning of an answer, and then for each next piece of it. */
  silence: number;
  /** Before a request that failed in passing is made again; each time twice as long as before. */
  pause: number;
  /** Most that a hub may ask to wait. */
  longestPause: number;
}

export const PATIENT: HubTiming = { silence: 60_000, pause: 1000, longestPause: 60_000 };

/** Whom models and data sets are asked of. */
export interface Hub {
  /** Without a slash at the end. */
  readonly url: string;
  /** Sent to this hub and to nobody it redirects to. */
  readonly token: string | null;
  readonly timing: HubTiming;
}

/** A hub's address as a person gives it. @throws Problem where it is none */
export function hubAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new Problem(`"${text}" is not the address of a hub.`, { hint: 'Give one such as https://huggingface.co.' });
  }
  if (url.username !== '' || url.password !== '') {
    throw new Problem('The address of the hub holds a name or a password, which others can read on the command line.', { hint: 'Leave them out, and give a token in HF_TOKEN.' });
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** The hub's name in messages. */
export const hubName = ({ url }: Pick<Hub, 'url'>): string => new URL(url).host;

/** What may be sent to an address: the token goes to the hub alone, and only where nobody on the way can read it. */
export function authorization({ url, token }: Hub, to: URL): Record<string, string> {
  return token !== null && to.origin === new URL(url).origin && isUnread(to) ? { authorization: `Bearer ${token}` } : {};
}

/** Whether what is sent to an address stays unread on the way: it is encrypted, or does not leave this machine. */
export const isUnread = ({ protocol, hostname }: URL): boolean => protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
