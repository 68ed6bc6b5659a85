import { open, rename, rm, stat } from 'node:fs/promises';
import { Problem } from '../contract/problem.ts';
import { hubName, type Hub } from './hub.ts';
import { PassingFault } from './passing-fault.ts';
import type { RepositoryFile } from './repository-files.ts';
import { patiently, request, type RequestSettings } from './request.ts';
import { isWhole } from './whole-file.ts';

/** Where a file is had, and what is asked for there in words. */
export interface FileSource extends Pick<RequestSettings, 'repository' | 'file'> {
  /** A path of the hub, or a whole address. */
  readonly address: string;
}

export interface FetchSettings {
  readonly signal?: AbortSignal | undefined;
  /** Told bytes of the file that are here, whenever there are more. */
  onBytes(here: number): void;
}

/**
 * Downloads a file to a place, going on where an earlier try was cut off (what there is of it lies beside the place),
 * and lets it stand there only once it is whole. @throws Problem, the reason of `signal`
 */
export async function fetchFile(hub: Hub, source: FileSource, file: RepositoryFile, place: string, settings: FetchSettings): Promise<void> {
  const part = partOf(place, file);
  if (await sizeOf(place) === file.bytes && await isWhole(place, file)) return settings.onBytes(file.bytes);
  await rm(place, { force: true });
  const isResumed = await sizeOf(part) > 0;
  await fetchPart(hub, source, file, part, settings);
  if (!await isWhole(part, file)) {
    await rm(part, { force: true });
    // What was there before may have been of something else.
    if (isResumed) await fetchPart(hub, source, file, part, settings);
    if (!isResumed || !await isWhole(part, file)) {
      await rm(part, { force: true });
      throw new Problem(`What ${hubName(hub)} sends as ${file.path} is not what it says it holds (its ${file.digest.kind === 'git' ? 'git hash' : 'SHA-256'} is another).`, {
        kind: 'failure', hint: 'Try again; if it stays so, something between here and the hub changes what it sends.',
      });
    }
  }
  await rename(part, place);
}

/** Where what there is of a file waits for the rest; of another content it would have another name. */
export const partOf = (place: string, { digest }: RepositoryFile): string => `${place}.${digest.hex.slice(0, 16)}.part`;

async function fetchPart(hub: Hub, { address, ...asked }: FileSource, file: RepositoryFile, part: string, { signal, onBytes }: FetchSettings): Promise<void> {
  let [before, here] = [0, 0];
  await patiently(hub, signal, async () => {
    here = await sizeOf(part);
    before = here;
    if (here === file.bytes && here > 0) return onBytes(here);
    if (here > file.bytes) here = 0;
    const answer = await request(hub, address, {
      ...asked, signal,
      // Packed on the way, a file could not be gone on with.
      headers: { 'accept-encoding': 'identity', ...(here > 0 && { range: `bytes=${here}-` }) },
    });
    if (!isFrom(answer, here)) here = 0;
    const handle = await open(part, here === 0 ? 'w' : 'r+');
    try {
      for await (const piece of answer.pieces()) {
        if (here + piece.length > file.bytes) throw new Problem(`${hubName(hub)} sends more as ${file.path} than it says it holds.`, { kind: 'failure' });
        await handle.write(piece, 0, piece.length, here);
        here += piece.length;
        onBytes(here);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (here < file.bytes) throw new PassingFault(new Problem(`${hubName(hub)} ended ${file.path} before it was over.`, { kind: 'failure', hint: 'Try again; what was downloaded is kept.' }));
  }, () => here > before);
}

/** Whether an answer goes on from a byte; one that begins anew does not. */
const isFrom = ({ status, headers }: { status: number; headers: Headers }, begin: number): boolean => begin > 0 && status === 206 && (headers.get('content-range') ?? '').startsWith(`bytes ${begin}-`);
const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => null))?.size ?? 0;
