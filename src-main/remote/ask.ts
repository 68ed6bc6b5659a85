import { toJson } from '../contract/exact-number.ts';
import { Problem } from '../contract/problem.ts';
import { visibleLine } from '../contract/visible.ts';
import { isUnread } from '../hub/hub.ts';
import { PassingFault } from '../hub/passing-fault.ts';
import { exchange, TooMuch, type Reply } from './exchange.ts';
import { refusalOf } from './refusal.ts';
import { baseOf, serverName, type Server } from './server.ts';

const MIB = 2 ** 20;
/** Bytes of an answer that tells of models or tokens, or is a text. */
const MOST = 16 * MIB;

/**
 * Asks a server once: with `body` by POST, without by GET.
 * @param path  such as /v1/models. @param most  bytes of an answer that are read
 * @returns the JSON it answers. @throws PassingFault where it may go right later; Problem; the reason of `signal`
 */
export async function ask(server: Server, path: string, body: unknown, signal?: AbortSignal, most = MOST): Promise<unknown> {
  const url = new URL(baseOf(server) + path);
  const late = AbortSignal.timeout(server.timeoutSeconds * 1000);
  let reply: Reply;
  try {
    reply = await exchange(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'user-agent': 'retort', 'accept': 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }), ...authorization(server, url) },
      ...(body !== undefined && { body: toJson(body) }),
      most, signal: signal ? AbortSignal.any([signal, late]) : late,
    });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof TooMuch ? endless(server, path, most) : unreached(server, error, late.aborted);
  }
  const { status, headers, text } = reply;
  if (status >= 300 && status < 400) throw sentOn(server, status, headers.location);
  if (status < 200 || status >= 300) throw refusalOf(server, path, status, headers['retry-after'] ?? null, text);
  const packed = headers['content-encoding'] ?? 'identity';
  if (packed !== 'identity') throw malformed(server, `${path} packed (${visibleLine(packed).slice(0, 40)}), which it was asked not to`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PassingFault(new Problem(`${serverName(server)} answered ${path} with ${insteadOfJson(text)}`, {
      kind: 'failure', hint: 'Check that teacher.server.url is the address of the server itself.', cause,
    }));
  }
}

/** Another service on the way, or a faulty one: the answer has not the shape that was asked for. */
export function malformed(server: Server, what: string): PassingFault {
  return new PassingFault(new Problem(`${serverName(server)} answered ${what}.`, { kind: 'failure', hint: 'The answer may have been cut off on its way; look at the server\'s own log.' }));
}

/** A key is only sent where nobody on the way can read it. */
function authorization({ key }: Server, to: URL): Record<string, string> {
  return key !== null && isUnread(to) ? { authorization: `Bearer ${key}` } : {};
}

function insteadOfJson(text: string): string {
  if (/^\s*</.test(text)) return 'a web page.';
  if (text.trim() === '') return 'nothing.';
  if (/[[,:]\s*-?(NaN|Infinity)\b/.test(text)) return 'numbers that are none (NaN or Infinity), for which JSON has no word.';
  return `what is no JSON: ${visibleLine(text.slice(0, 100))}`;
}

/** Whoever was allowed may not send the texts on to another. */
function sentOn(server: Server, status: number, location: string | undefined): Problem {
  const to = location !== undefined && URL.canParse(location, server.url) ? new URL(location, server.url).origin : 'nowhere';
  return new Problem(`${serverName(server)} sends its callers on to ${visibleLine(to).slice(0, 200)} (status ${status}), and the texts of the run and the key go only to the address that was allowed.`, {
    kind: 'failure', hint: 'If you trust that address, give it in teacher.server.url.',
  });
}

function endless(server: Server, path: string, most: number): Problem {
  return new Problem(`${serverName(server)} answered ${path} with more than ${Math.round(most / MIB)} MiB, and the rest was not read.`, {
    kind: 'failure', hint: 'Check that teacher.server.url is the address of the server itself; a lower teacher.server.topLogprobs makes answers shorter.',
  });
}

function unreached(server: Server, error: unknown, isLate: boolean): PassingFault {
  if (isLate) {
    return new PassingFault(new Problem(`${serverName(server)} gave no whole answer within ${server.timeoutSeconds} seconds.`, {
      kind: 'failure', hint: 'Raise teacher.server.timeoutSeconds, or lower teacher.server.parallel and teacher.server.topLogprobs.', cause: error,
    }));
  }
  const { code = '', message } = error as NodeJS.ErrnoException;
  const why = WHY[code] ?? (code.startsWith('HPE_') ? `it does not speak HTTP (${code})` : message || code);
  return new PassingFault(new Problem(`${serverName(server)} cannot be reached: ${why}.`, { kind: 'failure', hint: 'Check that it is running, and teacher.server.url.', cause: error }));
}

const WHY: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host', EAI_AGAIN: 'its name cannot be looked up', ECONNREFUSED: 'nothing answers there', ECONNRESET: 'it closed the connection', EPIPE: 'it closed the connection',
  EHOSTUNREACH: 'there is no way to it', ENETUNREACH: 'there is no way to it', ETIMEDOUT: 'nothing answers there', HPE_HEADER_OVERFLOW: 'the head of its answer has no end',
};
