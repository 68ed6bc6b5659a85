import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Wheel } from '../../contract/cuda.ts';
import { Problem } from '../../contract/problem.ts';
import { isDiskFull } from '../../files/disk-space.ts';
import { syncFolder } from '../../files/sync-folder.ts';
import { unzipTo, zipMembers } from '../../files/unzip.ts';
import { writeWhole } from '../../files/write-whole.ts';
import { fetchFile, partOf } from '../../hub/fetch-file.ts';
import type { Hub } from '../../hub/hub.ts';
import type { RepositoryFile } from '../../hub/repository-files.ts';
import { refuseTooLarge } from '../hub/space.ts';
import { acquireLock } from '../../run-folder/run-lock.ts';
import { MARK } from './cuda-place.ts';
import { CUDA_WHEELS, cudaOffer, totalBytes } from './cuda-wheels.ts';
import { addressOf } from './python-index.ts';

export interface InstallSettings {
  readonly signal?: AbortSignal | undefined;
  onProgress(file: string, done: number, total: number): void;
  readonly wheels?: readonly Wheel[];
  /** Bytes that are kept. */
  readonly kept?: number;
}

/**
 * Fetches CUDA's libraries into a folder that is not there yet. They are gathered beside it, where a later call goes on,
 * and come into their place when all are whole. @throws Problem, the reason of `signal`
 */
export async function installCuda(index: Hub, place: string, { signal, onProgress, wheels = CUDA_WHEELS, kept = cudaOffer()?.kept ?? 0 }: InstallSettings): Promise<void> {
  if (existsSync(place)) {
    throw new Problem(`${place} is there already.`, { hint: existsSync(join(place, MARK)) ? 'CUDA\'s libraries are in it; `retort device remove cuda` removes them.' : 'Nothing is overwritten: give another folder with --to, or move this one away.' });
  }
  const gathering = join(dirname(place), `.${basename(place)}.download`);
  try {
    await mkdir(gathering, { recursive: true });
    const lock = await acquireLock(gathering, 'The folder of this download');
    try {
      await refuseTooLarge(gathering, await bytesMissing(gathering, wheels) + kept);
      await fetchAll(index, gathering, wheels, { signal, onProgress });
      const whole = join(gathering, 'whole');
      await unpackAll(gathering, whole, wheels, signal);
      await rename(whole, place);
    } finally {
      await lock.release();
    }
    await rm(gathering, { recursive: true, force: true });
    await syncFolder(dirname(place));
  } catch (error) {
    throw asProblem(place, error);
  }
}

async function fetchAll(index: Hub, folder: string, wheels: readonly Wheel[], { signal, onProgress }: InstallSettings): Promise<void> {
  const total = totalBytes(wheels);
  let before = 0;
  for (const wheel of wheels) {
    signal?.throwIfAborted();
    const address = await addressOf(index, wheel, signal);
    await fetchFile(index, { address }, asFile(wheel), join(folder, wheel.file), { signal, onBytes: (here) => onProgress(wheel.file, before + here, total) });
    before += wheel.bytes;
  }
}

/** All libraries side by side, as the system's loader finds them, each package's licence beside them. */
async function unpackAll(folder: string, to: string, wheels: readonly Wheel[], signal?: AbortSignal): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await mkdir(join(to, 'licences'), { recursive: true });
  for (const { file, name, libraries } of wheels) {
    const path = join(folder, file);
    const members = await zipMembers(path);
    for (const library of libraries) {
      const member = members.find((candidate) => basename(candidate.name) === library);
      if (!member) throw new Problem(`${file} has no ${library}.`, { kind: 'failure' });
      await unzipTo(path, member, join(to, library), signal);
      await chmod(join(to, library), 0o755);
    }
    const licence = members.find((candidate) => /licen[cs]e/i.test(basename(candidate.name)));
    if (licence) await unzipTo(path, licence, join(to, 'licences', `${name}.txt`), signal);
  }
  await writeWhole(join(to, MARK), [`${JSON.stringify({ wheels: wheels.map(({ name, version, file, sha256 }) => ({ name, version, file, sha256 })) }, null, 2)}\n`]);
}

async function bytesMissing(folder: string, wheels: readonly Wheel[]): Promise<number> {
  let sum = 0;
  for (const wheel of wheels) {
    const place = join(folder, wheel.file);
    const found = await stat(place).catch(() => stat(partOf(place, asFile(wheel)))).catch(() => null);
    sum += Math.max(0, wheel.bytes - (found?.size ?? 0));
  }
  return sum;
}

const asFile = ({ file, bytes, sha256 }: Wheel): RepositoryFile => ({ path: file, bytes, digest: { kind: 'sha256', hex: sha256 } });

function asProblem(place: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error && 'syscall' in error)) return error;
  const isFull = isDiskFull(error.code);
  return new Problem(isFull ? `The disk is full: ${place} is not whole yet.` : `${place} cannot be written: ${error.message}`, {
    kind: 'failure', hint: isFull ? 'Free some space; the same command goes on from what is there.' : 'Check that you may write there.', cause: error,
  });
}
