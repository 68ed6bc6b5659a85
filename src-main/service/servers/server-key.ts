import type { Recipe } from '../../contract/recipe.ts';
import type { ServerSettings } from '../../contract/served-teacher.ts';
import { baseOf, environmentKey } from '../../remote/server.ts';
import type { KeyStore } from './key-store.ts';

/** Where the key for a server comes from, in the order in which it is looked for. */
export type ServerKeyPlace = 'environment' | 'key-store';

/** What a server's key is kept under: its address, however it is written, and no other. */
export const keptUnder = (url: string): string => new URL(baseOf({ url })).href;

/** The key that a server would be sent; null where none is known. */
export async function serverKey(url: string, keyStore: KeyStore | null): Promise<{ key: string; from: ServerKeyPlace } | null> {
  const key = environmentKey();
  if (key !== null) return { key, from: 'environment' };
  const kept = await keyStore?.read(keptUnder(url)) ?? null;
  return kept === null ? null : { key: kept, from: 'key-store' };
}

/** The key for a server, as a worker is given it. */
export async function keyOf({ url }: Pick<ServerSettings, 'url'>, keyStore: KeyStore | null): Promise<{ serverKey?: string }> {
  const found = await serverKey(url, keyStore);
  return found ? { serverKey: found.key } : {};
}

/** The same for the server of a recipe, if it has one. */
export const keyFor = async ({ teacher }: Pick<Recipe, 'teacher'>, keyStore: KeyStore | null): Promise<{ serverKey?: string }> => (teacher?.server ? keyOf(teacher.server, keyStore) : {});
