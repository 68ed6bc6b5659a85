import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a token looks like: no character of it can end the header that it is sent in. */
export const isToken = (text: string): boolean => /^[\x21-\x7e]{1,1000}$/.test(text);

/** The token of the environment, as the hub's own tools take it. */
export function environmentToken(env: Environment): string | null {
  const token = (env['HF_TOKEN'] ?? env['HUGGING_FACE_HUB_TOKEN'] ?? '').trim();
  return isToken(token) ? token : null;
}

/** The token that `hf auth login` has left on this machine; only read, never written. */
export async function fileToken(env: Environment): Promise<string | null> {
  const home = env['HF_HOME'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'huggingface');
  const token = (await readFile(env['HF_TOKEN_PATH'] ?? join(home, 'token'), 'utf8').catch(() => '')).trim();
  return isToken(token) ? token : null;
}
