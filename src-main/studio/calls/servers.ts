import { Problem } from '../../contract/problem.ts';
import { isToken } from '../../hub/token-file.ts';
import type { KeyStore } from '../../service/servers/key-store.ts';
import { keptUnder, serverKey } from '../../service/servers/server-key.ts';
import type { CallsOf, Handlers } from '../handlers.ts';

/** @param keyStore  null where the door has none */
export function serverCalls({ keyStore }: { keyStore: KeyStore | null }): Handlers<CallsOf<'servers'>> {
  return {
    'servers.key': async ({ url }) => ({ from: (await serverKey(url, keyStore))?.from ?? null, canKeep: keyStore !== null }),
    'servers.keepKey': async ({ url, key }) => {
      if (!keyStore) throw new Problem('Retort has no key store here, so it keeps no key.', { hint: 'Give it in the environment variable RETORT_SERVER_KEY where Retort is started.' });
      if (!isToken(key)) throw new Problem('This is no key: it holds a character that none has.', { hint: 'Copy it again from where the server\'s keys are made.' });
      await keyStore.write(keptUnder(url), key);
      return null;
    },
    'servers.forgetKey': async ({ url }) => {
      await keyStore?.remove(keptUnder(url));
      return null;
    },
  };
}
