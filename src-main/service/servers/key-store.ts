/** The system's own keeper of secrets, where there is one: one for each address, a hub's token or a server's key. */
export interface KeyStore {
  /** What was kept for an address; null where there is none or it cannot be read any more. */
  read(address: string): Promise<string | null>;
  /** Keeps a secret for an address, in place of an earlier one. @throws Problem where the system keeps no secrets */
  write(address: string, secret: string): Promise<void>;
  remove(address: string): Promise<void>;
}
