import { Problem, toReport, type ProblemReport } from '../../contract/problem.ts';
import type { ByteSources } from '../../files/byte-source.ts';
import { isJsonObject } from '../../files/json-object.ts';
import type { Hub } from '../../hub/hub.ts';
import { chooseModelFiles, type ModelFiles } from '../../hub/model-files.ts';
import { remoteBytes } from '../../hub/remote-bytes.ts';
import { repositoryFiles, type RepositoryFile } from '../../hub/repository-files.ts';
import { repositoryInfo } from '../../hub/repository-info.ts';
import type { Repository } from '../../hub/repository.ts';
import { readSmallJson } from '../../hub/small-file.ts';
import { freeMemory } from '../../forecast/free-memory.ts';
import { checkSizes } from '../../model/config/check-sizes.ts';
import { readConfig } from '../../model/config/read-config.ts';
import { listParameters } from '../../nn/build.ts';
import { bytesOf, type Looked } from './looked.ts';
import { lookIntoGguf, NOT_LOOKED_INTO, understoodOf, unlessUnusable, type Understood } from './look-into.ts';

/**
 * A model on a hub: what would be downloaded, and what Retort makes of it, by its list of files and its config, or a GGUF file's header, alone.
 * @param wanted  a GGUF file, or how it is packed. @throws Problem where the repository cannot be had
 */
export async function lookAtModel(hub: Hub, repository: Repository, wanted: string | null, signal?: AbortSignal): Promise<Looked> {
  const { id, commit, licence, isGated } = await repositoryInfo(hub, repository, signal);
  const named: Repository = { ...repository, id };
  const all = await repositoryFiles(hub, named, commit, signal);
  const read = (file: RepositoryFile): Promise<unknown> => readSmallJson(hub, named, commit, file, signal);
  const found = await chooseModelFiles(id, all, read, wanted);
  const files = 'files' in found ? found.files : [];
  const understood = await understand(id, found, all, read, remoteBytes(hub, named, commit, files, signal));
  return {
    repository: named, files,
    look: {
      hub: hub.url, kind: 'model', id, commit, licence, isGated, files: files.map(bytesOf), bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      choices: found.kind === 'choose' ? found.choices.map(bytesOf) : [], memoryFree: freeMemory(), ...understood,
    },
  };
}

async function understand(id: string, found: ModelFiles, all: readonly RepositoryFile[], read: (file: RepositoryFile) => Promise<unknown>, from: ByteSources): Promise<Understood> {
  if (found.kind === 'none') return { ...NOT_LOOKED_INTO, unusable: toReport(found.why) };
  if (found.kind === 'gguf') return unlessUnusable(() => lookIntoGguf(found.files[0]!.path, from));
  if (found.kind !== 'folder') return NOT_LOOKED_INTO;
  const where = `The config.json of ${id}`;
  const raw = await read(all.find(({ path }) => path === 'config.json')!);
  return unlessUnusable(async () => {
    if (!isJsonObject(raw)) throw new Problem(`${where} holds no JSON object.`);
    checkSizes(where, raw, null);
    const config = readConfig(where, raw);
    return { ...understoodOf(config, listParameters(config)), unusable: tokenizerMissing(id, all) };
  });
}

function tokenizerMissing(id: string, all: readonly RepositoryFile[]): ProblemReport | null {
  if (all.some(({ path }) => path === 'tokenizer.json')) return null;
  return toReport(new Problem(`${id} has no tokenizer.json, which Retort needs.`, { hint: 'Make one with Transformers: AutoTokenizer.from_pretrained(...).save_pretrained(...).' }));
}
