import { chooseDataFiles, dataFiles } from '../../hub/dataset-files.ts';
import type { Hub } from '../../hub/hub.ts';
import { repositoryFiles } from '../../hub/repository-files.ts';
import { repositoryInfo } from '../../hub/repository-info.ts';
import type { Repository } from '../../hub/repository.ts';
import { freeMemory } from '../../forecast/free-memory.ts';
import { bytesOf, type Looked } from './looked.ts';

/**
 * A data set on a hub. @param wanted  files by their paths, or patterns in which `*` stands for anything
 * @throws Problem where it cannot be had, or has nothing that Retort reads
 */
export async function lookAtData(hub: Hub, repository: Repository, wanted: readonly string[], signal?: AbortSignal): Promise<Looked> {
  const { id, commit, licence, isGated } = await repositoryInfo(hub, repository, signal);
  const named: Repository = { ...repository, id };
  const all = await repositoryFiles(hub, named, commit, signal);
  const files = chooseDataFiles(id, all, wanted) ?? [];
  return {
    repository: named, files,
    look: {
      hub: hub.url, kind: 'dataset', id, commit, licence, isGated, files: files.map(bytesOf), bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      choices: files.length === 0 ? dataFiles(all).map(bytesOf) : [], model: null, fits: [], memoryFree: freeMemory(), unusable: null,
    },
  };
}
