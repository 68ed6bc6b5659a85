/** The system's own keeper of secrets, where there is one. */
export interface KeyStore {
  /** The token that was kept for a hub; null where there is none or it cannot be read any more. */
  read(hub: string): Promise<string | null>;
  /** Keeps a token for a hub, in place of an earlier one. @throws Problem where the system keeps no secrets */
  write(hub: string, token: string): Promise<void>;
  remove(): Promise<void>;
}
