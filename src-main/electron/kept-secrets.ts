import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Problem } from '../contract/problem.ts';
import { inTurn } from '../contract/in-turn.ts';
import { writePrivate } from '../files/write-private.ts';
import type { KeyStore } from '../service/servers/key-store.ts';

/** What encrypts for this user of this machine alone. */
export interface Safe {
  /** Whether nobody else could open what it encrypts. */
  isAvailable(): boolean;
  encrypt(text: string): Buffer;
  decrypt(data: Buffer): string;
}

const secretsSchema = z.record(z.string(), z.base64());
/** Of versions that kept a hub's token alone. */
const hubTokenSchema = z.object({ hub: z.string(), secret: z.base64() });

/** Secrets by their addresses, in a file that is of no use without the safe. */
export function keptSecrets(home: string, safe: Safe): KeyStore {
  const path = join(home, 'keys.json');
  const earlier = join(home, 'hub-token.json');
  const all = async (): Promise<Record<string, string>> => {
    const hubToken = await parsed(earlier, hubTokenSchema);
    return { ...hubToken && { [hubToken.hub]: hubToken.secret }, ...await parsed(path, secretsSchema) };
  };
  const put = async (address: string, secret: string | null): Promise<void> => {
    const { [address]: _, ...others } = await all();
    const kept = { ...others, ...secret !== null && { [address]: secret } };
    if (Object.keys(kept).length === 0) await rm(path, { force: true });
    else await writePrivate(path, `${JSON.stringify(kept)}\n`);
    await rm(earlier, { force: true });
  };
  const queue = inTurn();
  /** One after the other: each goes by what the one before has left. */
  const change = (address: string, secret: string | null): Promise<void> => queue(() => put(address, secret));
  return {
    read: async (address) => {
      if (!safe.isAvailable()) return null;
      const secret = (await all())[address];
      try {
        return secret === undefined ? null : safe.decrypt(Buffer.from(secret, 'base64'));
      } catch {
        return null;
      }
    },
    write: async (address, secret) => {
      if (!safe.isAvailable()) {
        throw new Problem('This system has no key store that could keep it.', { hint: 'On Linux, install a keyring (GNOME Keyring, KWallet), or give it in the environment: HF_TOKEN for the hub, RETORT_SERVER_KEY for servers.' });
      }
      await change(address, safe.encrypt(secret).toString('base64'));
    },
    remove: (address) => change(address, null),
  };
}

/** Null where there is no such file, or it is not one of ours. */
const parsed = <T>(path: string, schema: z.ZodType<T>): Promise<T | null> => readFile(path, 'utf8').then((text) => schema.parse(JSON.parse(text)), () => null).catch(() => null);
