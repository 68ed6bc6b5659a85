import { Problem } from '../contract/problem.ts';
import { readAll } from './get-json.ts';
import { hubName, type Hub } from './hub.ts';
import { filePath, type Repository } from './repository.ts';
import type { RepositoryFile } from './repository-files.ts';
import { patiently, request } from './request.ts';
import { isWholeText } from './whole-file.ts';

/** An index of a very large model has some megabytes, a config some kilobytes. */
const LARGEST = 2 ** 26;

/** A small JSON file of a repository, read to look at it. @throws Problem where it cannot be had, is not whole or no JSON */
export async function readSmallJson(hub: Hub, repository: Repository, commit: string, file: RepositoryFile, signal?: AbortSignal): Promise<unknown> {
  const { path, bytes } = file;
  if (bytes > LARGEST) throw new Problem(`${path} of ${repository.id} is too large for what it is (${bytes} bytes).`);
  const contents = await patiently(hub, signal, async () =>
    readAll(hub, (await request(hub, filePath(repository, commit, path), { repository, file: path, signal, headers: { 'accept-encoding': 'identity' } })).pieces(), bytes));
  if (!isWholeText(contents, file)) throw new Problem(`What ${hubName(hub)} sends as ${path} is not what it says it holds.`, { kind: 'failure', hint: 'Try again; if it stays so, something between here and the hub changes what it sends.' });
  try {
    return JSON.parse(contents.toString('utf8')) as unknown;
  } catch (cause) {
    throw new Problem(`${path} of ${repository.id} is not JSON.`, { cause });
  }
}
