import { request as plain, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as encrypted } from 'node:https';

/** What is asked of a server. */
export interface Question {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Most bytes of an answer that are taken in. */
  readonly most: number;
  readonly signal: AbortSignal;
}

export interface Reply { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }

/** An answer that goes on beyond what was asked for. */
export class TooMuch extends Error {}

/**
 * One request over HTTP and its whole answer. No redirect is followed, nothing is unpacked, and no time is kept but the signal's:
 * `fetch` gives an answer up that takes five minutes to begin, as that of a large model without a card may.
 * @throws TooMuch; the error of the connection, or that of the signal
 */
export function exchange(url: URL, { method, headers, body, most, signal }: Question): Promise<Reply> {
  return new Promise((settle, fail) => {
    const ask = url.protocol === 'https:' ? encrypted : plain;
    // A connection of its own: one that was kept may have been closed at the other end just now.
    const asked = ask(url, { method, signal, agent: false, headers: { ...headers, 'accept-encoding': 'identity', ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }) } });
    asked.on('response', (response) => {
      whole(response, most).then((text) => settle({ status: response.statusCode ?? 0, headers: response.headers, text }), fail).finally(() => asked.destroy());
    });
    asked.on('error', fail);
    asked.on('close', () => fail(Object.assign(new Error('it closed the connection'), { code: 'ECONNRESET' })));
    asked.end(body);
  });
}

async function whole(response: IncomingMessage, most: number): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > most) throw new TooMuch();
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
