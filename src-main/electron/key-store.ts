import { safeStorage } from 'electron';
import type { KeyStore } from '../service/servers/key-store.ts';
import { keptSecrets } from './kept-secrets.ts';

/** Tokens and keys that the system's key store encrypts. */
export const systemKeyStore = (home: string): KeyStore => keptSecrets(home, {
  // On Linux without a keyring Electron would encrypt with a password that is in its source.
  isAvailable: () => safeStorage.isEncryptionAvailable() && (process.platform !== 'linux' || safeStorage.getSelectedStorageBackend() !== 'basic_text'),
  encrypt: (text) => safeStorage.encryptString(text),
  decrypt: (data) => safeStorage.decryptString(data),
});
