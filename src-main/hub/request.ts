import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../contract/problem.ts';
import { authorization, hubName, type Hub } from './hub.ts';
import { PassingFault } from './passing-fault.ts';
import { refusalOf, type Asked } from './refusals.ts';

const MOST_HOPS = 5;
/** Times that a request is made again although nothing has come of it. */
const MOST_TRIES = 5;

export interface RequestSettings extends Asked { readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal | undefined }

/** An answer that is one (status 200 or 206), whose body comes in pieces. */
export interface Answer { readonly status: number; readonly headers: Headers; pieces(): AsyncIterable<Uint8Array> }

/**
 * Asks the hub once, following redirects; the token goes to the hub alone.
 * @param address  a path of the hub, or a whole address. @throws Problem, PassingFault, the reason of `signal`
 */
export async function request(hub: Hub, address: string, settings: RequestSettings): Promise<Answer> {
  const silence = new Silence(hub, settings.signal);
  try {
    let url = new URL(address.startsWith('/') ? hub.url + address : address);
    for (let hops = 0; ; hops++) {
      const response = await silence.watch(fetch(url, {
        redirect: 'manual', signal: silence.signal,
        headers: { 'user-agent': 'retort', ...settings.headers, ...authorization(hub, url) },
      }));
      if (response.status === 200 || response.status === 206) return { status: response.status, headers: response.headers, pieces: () => pieces(response, silence) };
      await response.body?.cancel();
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || location === null) throw refusalOf(hub, response, settings);
      if (hops === MOST_HOPS) throw new Problem(`${hubName(hub)} sends from one address to the next without end.`, { kind: 'failure' });
      url = followed(hub, url, location);
    }
  } catch (error) {
    throw silence.explain(error);
  }
}

/** Does work again that fails in passing, after a pause each time. @throws Problem, the reason of `signal` */
export async function patiently<T>({ timing }: Pick<Hub, 'timing'>, signal: AbortSignal | undefined, work: () => Promise<T>, hasProgressed: () => boolean = () => false): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PassingFault)) throw error;
      if (hasProgressed()) tries = 1;
      if (tries >= MOST_TRIES) throw error.problem;
      await sleep(error.pause ?? timing.pause * 2 ** (tries - 1), undefined, { ...(signal && { signal }) }).catch(() => undefined);
      signal?.throwIfAborted();
    }
  }
}

async function* pieces(response: Response, silence: Silence): AsyncIterable<Uint8Array> {
  const reader = response.body?.getReader();
  try {
    while (reader) {
      const next = await silence.watch<{ done: boolean; value?: Uint8Array | undefined }>(reader.read());
      if (next.value === undefined) return;
      yield next.value;
    }
  } catch (error) {
    throw silence.explain(error);
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}

function followed(hub: Hub, from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : null;
  if (!to || !(to.protocol === 'https:' || to.protocol === from.protocol)) {
    throw new Problem(`${hubName(hub)} sends on to an address that is not followed: ${location.slice(0, 200)}`, { kind: 'failure' });
  }
  return to;
}

/** Ends a request on which nothing has come for too long, and says why a request has ended. */
class Silence {
  private readonly hub: Hub;
  private readonly late = new AbortController();
  private readonly asked: AbortSignal | undefined;
  readonly signal: AbortSignal;

  constructor(hub: Hub, asked: AbortSignal | undefined) {
    this.hub = hub;
    this.asked = asked;
    this.signal = asked ? AbortSignal.any([asked, this.late.signal]) : this.late.signal;
  }

  async watch<T>(next: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.late.abort(), this.hub.timing.silence);
    try {
      return await next;
    } finally {
      clearTimeout(timer);
    }
  }

  explain(error: unknown): unknown {
    if (this.asked?.aborted) return this.asked.reason;
    if (error instanceof Problem || error instanceof PassingFault) return error;
    const name = hubName(this.hub);
    if (this.late.signal.aborted) {
      return new PassingFault(new Problem(`${name} sent nothing for ${Math.round(this.hub.timing.silence / 1000)} s.`, { kind: 'failure', hint: 'Try again; what was downloaded is kept.' }));
    }
    // `fetch` says only that it failed; why is in the cause.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const why = UNREACHED[code] ?? (cause instanceof Error && cause.message !== '' ? cause.message : code);
    const problem = new Problem(`${name} cannot be reached: ${why}.`, { kind: 'failure', hint: 'Look at the connection and at the address of the hub; what was downloaded is kept.', cause: error });
    return code in UNREACHED ? problem : new PassingFault(problem);
  }
}

/** What does not pass by waiting. */
const UNREACHED: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host', ECONNREFUSED: 'nothing answers there',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is its own', SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by nobody known', CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is of another host', UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate cannot be checked',
};
