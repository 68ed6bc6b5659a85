import type { HubLook } from '../../contract/hub.ts';
import { Problem, toReport, type ProblemReport } from '../../contract/problem.ts';
import { isJsonObject } from '../../files/json-object.ts';
import type { Hub } from '../../hub/hub.ts';
import { chooseModelFiles, type ModelFiles } from '../../hub/model-files.ts';
import { repositoryFiles, type RepositoryFile } from '../../hub/repository-files.ts';
import { repositoryInfo } from '../../hub/repository-info.ts';
import type { Repository } from '../../hub/repository.ts';
import { readSmallJson } from '../../hub/small-file.ts';
import { freeMemory } from '../../forecast/free-memory.ts';
import { checkSizes } from '../../model/config/check-sizes.ts';
import { readConfig } from '../../model/config/read-config.ts';
import { buildDecoder, countParameters, listParameters } from '../../nn/build.ts';
import { bytesOf, type Looked } from './looked.ts';
import { fitsOf } from './fits.ts';

/**
 * A model on a hub: what would be downloaded, and what Retort makes of it, by its list of files and its config alone.
 * @param wanted  a GGUF file, or how it is packed. @throws Problem where the repository cannot be had
 */
export async function lookAtModel(hub: Hub, repository: Repository, wanted: string | null, signal?: AbortSignal): Promise<Looked> {
  const { id, commit, licence, isGated } = await repositoryInfo(hub, repository, signal);
  const named: Repository = { ...repository, id };
  const all = await repositoryFiles(hub, named, commit, signal);
  const read = (file: RepositoryFile): Promise<unknown> => readSmallJson(hub, named, commit, file, signal);
  const found = await chooseModelFiles(id, all, read, wanted);
  const files = 'files' in found ? found.files : [];
  const understood = await understand(id, found, all, read);
  return {
    repository: named, files,
    look: {
      hub: hub.url, kind: 'model', id, commit, licence, isGated, files: files.map(bytesOf), bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      choices: found.kind === 'choose' ? found.choices.map(bytesOf) : [], memoryFree: freeMemory(), ...understood,
    },
  };
}

type Understood = Pick<HubLook, 'model' | 'fits' | 'unusable'>;
const NOT_LOOKED_INTO: Understood = { model: null, fits: [], unusable: null };

async function understand(id: string, found: ModelFiles, all: readonly RepositoryFile[], read: (file: RepositoryFile) => Promise<unknown>): Promise<Understood> {
  if (found.kind === 'none') return { ...NOT_LOOKED_INTO, unusable: toReport(found.why) };
  if (found.kind !== 'folder') return NOT_LOOKED_INTO;
  const where = `The config.json of ${id}`;
  const raw = await read(all.find(({ path }) => path === 'config.json')!);
  try {
    if (!isJsonObject(raw)) throw new Problem(`${where} holds no JSON object.`);
    checkSizes(where, raw, null);
    const config = readConfig(where, raw);
    const parameters = listParameters(config);
    return {
      model: { family: config.modelType, parameters: countParameters(parameters), layers: config.layers, contextLength: buildDecoder(config).contextLength },
      fits: fitsOf(config, parameters),
      unusable: tokenizerMissing(id, all),
    };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { ...NOT_LOOKED_INTO, unusable: toReport(error) };
  }
}

function tokenizerMissing(id: string, all: readonly RepositoryFile[]): ProblemReport | null {
  if (all.some(({ path }) => path === 'tokenizer.json')) return null;
  return toReport(new Problem(`${id} has no tokenizer.json, which Retort needs.`, { hint: 'Make one with Transformers: AutoTokenizer.from_pretrained(...).save_pretrained(...).' }));
}
