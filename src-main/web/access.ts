import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Why a request is turned away: the status and what the person is told. */
export interface Refusal { status: 401 | 403 | 421; message: string }

/**
 * Who may speak to the program. A web page from elsewhere can make a browser send requests here, and can make its own
 * name resolve to this machine; so every request must name this server as its host, come from this server's own pages,
 * and bring the cookie that only the opener of the printed address got.
 */
export class Access {
  /** In the opening address, once; worth nothing afterwards but the cookie. */
  readonly token = randomBytes(32).toString('base64url');
  private readonly session = randomBytes(32).toString('base64url');
  private readonly hosts: ReadonlySet<string>;
  /** Browsers keep cookies by host, not by port. */
  private readonly cookieName: string;

  /** @param host  what the server is bound to; `0.0.0.0` and `::` are asked for by whatever address leads here */
  constructor(host: string, port: number, addresses: readonly string[] = []) {
    const names = [host, '127.0.0.1', 'localhost', '[::1]', ...addresses];
    this.hosts = new Set(names.map((name) => `${name.includes(':') && !name.startsWith('[') ? `[${name}]` : name}:${port}`.toLowerCase()));
    this.cookieName = `retort-${port}`;
  }

  /** What is wrong with where a request goes and comes from; nothing yet about who sends it. */
  refuseOrigin({ headers, method }: IncomingMessage, { isSocket = false } = {}): Refusal | null {
    const host = headers.host?.toLowerCase() ?? '';
    if (!this.hosts.has(host)) return { status: 421, message: 'This is not the address of this Retort.' };
    const { origin } = headers;
    const mustSay = isSocket || (method !== 'GET' && method !== 'HEAD');
    if (origin === undefined ? mustSay : origin.toLowerCase() !== `http://${host}`) return FOREIGN;
    const site = headers['sec-fetch-site'];
    return site === undefined || site === 'same-origin' || (site === 'none' && !mustSay) ? null : FOREIGN;
  }

  refuseStranger({ headers }: IncomingMessage): Refusal | null {
    const cookies = (headers.cookie ?? '').split(';').map((part) => part.trim());
    const given = cookies.find((cookie) => cookie.startsWith(`${this.cookieName}=`))?.slice(this.cookieName.length + 1);
    return given !== undefined && isSame(given, this.session) ? null
      : { status: 401, message: 'Open the address that `retort serve` printed when it started.' };
  }

  isToken(given: string): boolean {
    return isSame(given, this.token);
  }

  get cookie(): string {
    return `${this.cookieName}=${this.session}; HttpOnly; SameSite=Strict; Path=/`;
  }
}

const FOREIGN: Refusal = { status: 403, message: 'Requests from other pages are not answered.' };

/** Compared by digests, so that neither the time nor the length tells anything. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
