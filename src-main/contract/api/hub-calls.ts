import { z } from 'zod';
import type { HubFound, HubLook } from '../hub.ts';
import { askerSchema } from './asker.ts';
import { reads, writes } from './call.ts';

const kind = z.enum(['model', 'dataset']);
const asker = askerSchema.optional();
const name = z.string().min(1).max(400);
const files = z.array(z.string().min(1).max(1000)).max(1000).default([]);

/** Whom a search would ask, and with whose token. */
export interface HubState {
  url: string;
  /** Where a token comes from that would be sent along; null where there is none. */
  tokenFrom: 'environment' | 'key-store' | 'token-file' | null;
  /** Whether the system has a key store in which a token can be kept. */
  canKeep: boolean;
}

/** What is asked of a hub, each only when a person says so. A token never comes back from here. */
export const HUB_CALLS = {
  /** Connects to nothing. */
  'hub.state': reads<HubState>()(z.null()),
  'hub.search': reads<HubFound[]>()(z.strictObject({ kind, text: z.string().trim().min(1).max(200), asker })),
  'hub.look': reads<HubLook>()(z.strictObject({ kind, name, files, asker })),
  /**
   * Downloads into the data folder, as a job. Of a model that can be used as it is `listed` says that it is on the list of models;
   * `paths` are a data set's files, or a GGUF file.
   */
  'hub.get': writes<{ folder: string; paths: string[]; listed: boolean }>()(z.strictObject({ kind, name, files })),
  'hub.keepToken': writes<null>()(z.strictObject({ token: z.string().trim().min(1).max(1000) })),
  'hub.forgetToken': writes<null>()(z.null()),
};
