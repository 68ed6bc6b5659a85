import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { safeStorage } from 'electron';
import { z } from 'zod';
import { Problem } from '../contract/problem.ts';
import type { KeyStore } from '../service/hub/key-store.ts';

const schema = z.object({ hub: z.string(), secret: z.base64() });

/** A token that the system's key store encrypts; what lies in the data folder is of no use without it. */
export function systemKeyStore(home: string): KeyStore {
  const path = join(home, 'hub-token.json');
  return {
    read: async (hub) => {
      if (!isAvailable()) return null;
      try {
        const kept = schema.parse(JSON.parse(await readFile(path, 'utf8')));
        return kept.hub === hub ? safeStorage.decryptString(Buffer.from(kept.secret, 'base64')) : null;
      } catch {
        return null;
      }
    },
    write: async (hub, token) => {
      if (!isAvailable()) {
        throw new Problem('This system has no key store that could keep the token.', { hint: 'On Linux, install a keyring (GNOME Keyring, KWallet), or give the token in the environment variable HF_TOKEN.' });
      }
      const kept = { hub, secret: safeStorage.encryptString(token).toString('base64') };
      await writeFile(path, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
    },
    remove: () => rm(path, { force: true }),
  };
}

/** On Linux without a keyring Electron would encrypt with a password that is in its source. */
function isAvailable(): boolean {
  return safeStorage.isEncryptionAvailable() && (process.platform !== 'linux' || safeStorage.getSelectedStorageBackend() !== 'basic_text');
}
