import type { HubKind } from '../../contract/hub.ts';
import type { Hub } from '../../hub/hub.ts';
import { readRepository } from '../../hub/repository.ts';
import { lookAtData } from './look-data.ts';
import { lookAtModel } from './look-model.ts';
import type { Looked } from './looked.ts';

/** What of a hub is wanted. */
export interface Wanted {
  kind: HubKind;
  /** ORG/NAME, ORG/NAME@REVISION or the address of its page. */
  name: string;
  /** Of a model: a GGUF file, or how it is packed. Of a data set: its files. */
  files: readonly string[];
}

/** Looks at a repository before anything of it is downloaded. @throws Problem */
export function lookAtHub(hub: Hub, { kind, name, files }: Wanted, signal?: AbortSignal): Promise<Looked> {
  const repository = readRepository(name, kind, hub.url);
  return kind === 'model' ? lookAtModel(hub, repository, files[0] ?? null, signal) : lookAtData(hub, repository, files, signal);
}
