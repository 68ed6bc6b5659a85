import { Problem } from '../contract/problem.ts';
import type { ByteSource, ByteSources } from '../files/byte-source.ts';
import { hubName, type Hub } from './hub.ts';
import { PassingFault } from './passing-fault.ts';
import { filePath, type Repository } from './repository.ts';
import type { RepositoryFile } from './repository-files.ts';
import { patiently, request } from './request.ts';

/** Most that is skipped of an answer that begins before what was asked for: some servers know no ranges. */
const MOST_SKIPPED = 2 ** 24;

/** A hub that sends files only as a whole: what it takes to look into one is not worth it. */
export class NoParts extends Error {}

/** Files of a repository, of which only the bytes that are asked for are downloaded. What has been read of a file's beginning is kept. */
export function remoteBytes(hub: Hub, repository: Repository, commit: string, files: readonly RepositoryFile[], signal?: AbortSignal): ByteSources {
  const byPath = new Map(files.map((file) => [file.path, file]));
  // A model's parts are named as paths of this system.
  const find = (path: string): RepositoryFile | undefined => byPath.get(path.replaceAll('\\', '/'));
  return {
    has: (path) => find(path) !== undefined,
    open: async (path) => {
      const file = find(path);
      if (!file) throw new Problem(`${repository.id} has no file ${path}.`);
      return new RemoteFile(file, (begin, end) => fetchRange(hub, repository, commit, file, { begin, end, signal }));
    },
  };
}

class RemoteFile implements ByteSource {
  readonly size: number;
  private readonly fetch: (begin: number, end: number) => Promise<Buffer>;
  private beginning = Buffer.alloc(0);

  constructor({ bytes }: RepositoryFile, fetch: (begin: number, end: number) => Promise<Buffer>) {
    this.size = bytes;
    this.fetch = fetch;
  }

  async read(bytes: Uint8Array, position: number): Promise<number> {
    const end = Math.min(position + bytes.length, this.size);
    const known = this.beginning.length;
    if (end > known && position > known) return (await this.fetch(position, end)).copy(bytes);
    if (end > known) this.beginning = Buffer.concat([this.beginning, await this.fetch(known, end)]);
    return this.beginning.copy(bytes, 0, position, end);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface Range { begin: number; end: number; signal: AbortSignal | undefined }

/** @throws Problem, NoParts, the reason of `signal` */
function fetchRange(hub: Hub, repository: Repository, commit: string, file: RepositoryFile, { begin, end, signal }: Range): Promise<Buffer> {
  if (end <= begin) return Promise.resolve(Buffer.alloc(0));
  return patiently(hub, signal, async () => {
    const answer = await request(hub, filePath(repository, commit, file.path), {
      repository, file: file.path, signal, headers: { 'accept-encoding': 'identity', range: `bytes=${begin}-${end - 1}` },
    });
    const isPart = answer.status === 206 && (answer.headers.get('content-range') ?? '').startsWith(`bytes ${begin}-`);
    let skip = isPart ? 0 : begin;
    if (skip > MOST_SKIPPED) throw new NoParts(`${hubName(hub)} sends no parts of ${file.path}`);
    const had: Uint8Array[] = [];
    let missing = end - begin;
    for await (const piece of answer.pieces()) {
      const wanted = piece.subarray(Math.min(skip, piece.length), Math.min(piece.length, skip + missing));
      skip = Math.max(0, skip - piece.length);
      missing -= wanted.length;
      had.push(wanted);
      // Leaving ends the request.
      if (missing === 0) return Buffer.concat(had);
    }
    throw new PassingFault(new Problem(`${hubName(hub)} ended ${file.path} before it was over.`, { kind: 'failure', hint: 'Try again.' }));
  });
}
