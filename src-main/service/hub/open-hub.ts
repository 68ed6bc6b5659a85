import { DEFAULT_HUB } from '../../contract/hub.ts';
import { Problem } from '../../contract/problem.ts';
import { hubAddress, PATIENT, type Hub } from '../../hub/hub.ts';
import { environmentToken, fileToken } from '../../hub/token-file.ts';
import type { KeyStore } from '../servers/key-store.ts';

/** Where a token comes from, in the order in which it is looked for. */
export type TokenPlace = 'environment' | 'key-store' | 'token-file';

export interface OpenedHub { readonly hub: Hub; readonly tokenFrom: TokenPlace | null }

type Environment = Readonly<Record<string, string | undefined>>;

/** The hub that is asked where nobody names one. @throws Problem where HF_ENDPOINT is no address */
export const usualHub = (env: Environment = process.env): string => hubAddress(env['HF_ENDPOINT'] || DEFAULT_HUB);

/**
 * The hub that a person named, or the usual one, with the token that belongs to it. Connects to nothing.
 * @throws Problem where the address is none, or the person has forbidden all hubs
 */
export async function openHub(named: string | null, keyStore: KeyStore | null = null, env: Environment = process.env): Promise<OpenedHub> {
  if (/^(1|true|yes|on)$/i.test(env['HF_HUB_OFFLINE'] ?? '')) {
    throw new Problem('HF_HUB_OFFLINE is set, so no hub is asked.', { hint: 'Take it out of the environment to download.' });
  }
  const url = named === null ? usualHub(env) : hubAddress(named);
  const withToken = (token: string | null, tokenFrom: TokenPlace): OpenedHub | null => (token === null ? null : { hub: { url, token, timing: PATIENT }, tokenFrom });
  return withToken(environmentToken(env), 'environment')
    ?? withToken(await keyStore?.read(url) ?? null, 'key-store')
    // It was made for the usual hub, and goes to no other.
    ?? withToken(url === usualHub(env) ? await fileToken(env) : null, 'token-file')
    ?? { hub: { url, token: null, timing: PATIENT }, tokenFrom: null };
}
