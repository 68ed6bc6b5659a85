import type { HubFile, HubLook } from '../../contract/hub.ts';
import type { Repository } from '../../hub/repository.ts';
import type { RepositoryFile } from '../../hub/repository-files.ts';

/** What is told of a repository, and what its download is made from. */
export interface Looked {
  readonly look: HubLook;
  /** By the name that the hub has for it now. */
  readonly repository: Repository;
  readonly files: readonly RepositoryFile[];
}

export const bytesOf = ({ path, bytes }: RepositoryFile): HubFile => ({ path, bytes });
