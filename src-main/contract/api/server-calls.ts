import { z } from 'zod';
import { reads, writes } from './call.ts';

const url = z.url({ protocol: /^https?$/ }).max(2000);

/** What a server would be sent to be let in. */
export interface ServerKeyState {
  /** Where its key comes from; null where none is known. */
  from: 'environment' | 'key-store' | null;
  /** Whether the system has a key store in which one can be kept. */
  canKeep: boolean;
}

/** Keys of servers that teach. A key never comes back from here. */
export const SERVER_CALLS = {
  /** Connects to nothing. */
  'servers.key': reads<ServerKeyState>()(z.strictObject({ url })),
  'servers.keepKey': writes<null>()(z.strictObject({ url, key: z.string().trim().min(1).max(1000) })),
  'servers.forgetKey': writes<null>()(z.strictObject({ url })),
};
