import { toJson } from '../contract/exact-number.ts';
import { Problem } from '../contract/problem.ts';
import { isUnread } from '../hub/hub.ts';
import { PassingFault } from '../hub/passing-fault.ts';
import { refusalOf } from './refusal.ts';
import { baseOf, serverName, type Server } from './server.ts';

/**
 * Asks a server once: with `body` by POST, without by GET.
 * @param path  such as /v1/models. @returns the JSON it answers. @throws PassingFault where it may go right later; Problem; the reason of `signal`
 */
export async function ask(server: Server, path: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
  const url = new URL(baseOf(server) + path);
  const late = AbortSignal.timeout(server.timeoutSeconds * 1000);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'user-agent': 'retort', 'accept': 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }), ...authorization(server, url) },
      ...(body !== undefined && { body: toJson(body) }),
      // Whoever was allowed may not send the texts on to another.
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw unreached(server, error, late.aborted);
  }
  if (!response.ok) throw refusalOf(server, path, response.status, response.headers, text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PassingFault(new Problem(`${serverName(server)} answered ${path} with what is no JSON: ${text.slice(0, 100)}`, {
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

function unreached(server: Server, error: unknown, isLate: boolean): Problem | PassingFault {
  if (isLate) {
    return new PassingFault(new Problem(`${serverName(server)} gave no answer within ${server.timeoutSeconds} seconds.`, {
      kind: 'failure', hint: 'Raise teacher.server.timeoutSeconds, or lower teacher.server.parallel and teacher.server.topLogprobs.', cause: error,
    }));
  }
  // `fetch` says only that it failed; why is in the cause.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const why = WHY[code] ?? (cause instanceof Error && cause.message !== '' ? cause.message : code);
  const problem = new Problem(`${serverName(server)} cannot be reached: ${why}.`, { kind: 'failure', hint: 'Check that it is running, and teacher.server.url.', cause: error });
  // A redirect stays one.
  return why === 'unexpected redirect' ? problem : new PassingFault(problem);
}

const WHY: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host', ECONNREFUSED: 'nothing answers there', ECONNRESET: 'it closed the connection', UND_ERR_SOCKET: 'it closed the connection',
};
