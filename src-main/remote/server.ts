import type { ServerSettings } from '../contract/served-teacher.ts';
import { isToken } from '../hub/token-file.ts';

/** A server that a recipe names, and how it is asked. */
export interface Server extends ServerSettings {
  /** Sent to this address alone; null where there is none. */
  readonly key: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What a recipe says of a server as the server is asked: for no more tokens than there are, which vLLM does not survive. */
export function serverOf(settings: ServerSettings, key: string | null, vocabulary: number): Server {
  return { ...settings, topLogprobs: Math.min(settings.topLogprobs, vocabulary), key };
}

/** Where a key for servers is looked for first. */
const KEY_VARIABLE = 'RETORT_SERVER_KEY';

/** The key of the environment; null where there is none, or what is there cannot be one. */
export function environmentKey(env: Environment = process.env): string | null {
  const key = (env[KEY_VARIABLE] ?? '').trim();
  return isToken(key) ? key : null;
}

/** Address without a slash at the end, and without the /v1 that other programs want there. */
export const baseOf = ({ url }: Pick<Server, 'url'>): string => url.replace(/\/+$/, '').replace(/\/v1$/, '');

/** The server's name in messages. */
export const serverName = ({ url }: Pick<Server, 'url'>): string => `The server ${new URL(url).host}`;
