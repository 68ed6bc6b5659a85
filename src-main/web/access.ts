import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { newToken } from './kept-token.ts';

/** Why a request is turned away: the status and what the person is told. */
export interface Refusal { status: 401 | 403 | 421; message: string }

/** Milliseconds in which a browser that is started here must have come. */
const TICKET_LIFE = 60_000;

/**
 * Who may speak to the program. A web page from elsewhere can make a browser send requests here, and can make its own
 * name resolve to this machine; so every request must call this server by one of its own names, come from this server's
 * own pages, and bring the cookie that only the opener of the printed address got.
 *
 * The port that a browser names does not matter: through a tunnel it is another one. A name that was made to lead here stays
 * a foreign name on every port, nobody can make `localhost` or an address lead elsewhere, and pages of another port have
 * another origin.
 */
export class Access {
  private readonly token: string;
  /** Made from the token, so that a page that is open outlives a restart. */
  private readonly session: string;
  private readonly names: ReadonlySet<string>;
  /** Browsers keep cookies by host, not by port: several programs may be reached by one name. */
  private readonly cookieName: string;
  private readonly tickets = new Map<string, number>();

  /**
   * @param token  of the printed address; good at every start
   * @param host  what the server is bound to; `0.0.0.0` and `::` are asked for by whatever address leads here
   */
  constructor(token: string, host: string, addresses: readonly string[] = []) {
    this.token = token;
    this.session = createHmac('sha256', token).update('session').digest('base64url');
    this.cookieName = `retort-${createHmac('sha256', token).update('cookie').digest('hex').slice(0, 8)}`;
    const names = [host, '127.0.0.1', 'localhost', '[::1]', ...addresses];
    this.names = new Set(names.map((name) => (name.includes(':') && !name.startsWith('[') ? `[${name}]` : name).toLowerCase()));
  }

  /** What is wrong with where a request goes and comes from; nothing yet about who sends it. */
  refuseOrigin({ headers, method }: IncomingMessage, { isSocket = false } = {}): Refusal | null {
    const host = headers.host?.toLowerCase() ?? '';
    if (!this.names.has(host.replace(/:\d+$/, ''))) {
      return { status: 421, message: 'This is not the address of this Retort. Use the one that `retort serve` printed; through a tunnel, localhost with the port of the tunnel.' };
    }
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

  /** Good once and soon: for the arguments of a program that opens a browser, which others on this machine can read. */
  ticket(): string {
    const ticket = newToken();
    this.tickets.set(ticket, Date.now() + TICKET_LIFE);
    return ticket;
  }

  /** Whether this is the token or a ticket; also inside a pasted address. */
  isToken(given: string): boolean {
    const token = /[?&]token=([\w-]+)/.exec(given)?.[1] ?? given.trim();
    const until = this.tickets.get(token);
    this.tickets.delete(token);
    return isSame(token, this.token) || (until !== undefined && Date.now() < until);
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
