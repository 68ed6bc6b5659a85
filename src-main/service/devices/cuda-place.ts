import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CudaState } from '../../contract/cuda.ts';
import { findCuda, PROVIDER } from '../../runtime/ort/cuda/find.ts';
import { cudaOffer } from './cuda-wheels.ts';

/** Written into a folder of libraries that Retort has fetched; only such a folder is ever removed. */
export const MARK = 'retort-cuda.json';
/** Names in the data folder the folder of libraries, where it is another than the usual one. */
export const ELSEWHERE = 'cuda-folder.txt';

/** Where CUDA's libraries are fetched to. @param home  the data folder */
export const usualPlace = (home: string): string => join(home, 'cuda');

/** The folder of CUDA's libraries that this data folder knows, or null. */
export function cudaFolder(home: string): string | null {
  const named = join(home, ELSEWHERE);
  const folder = existsSync(named) ? readFileSync(named, 'utf8').trim() : usualPlace(home);
  return existsSync(join(folder, PROVIDER)) || existsSync(join(folder, 'onnxruntime', 'capi', PROVIDER)) ? folder : null;
}

/** Lets this data folder know a folder of CUDA's libraries; null for the usual place. */
export async function setCudaFolder(home: string, folder: string | null): Promise<void> {
  if (folder === null || folder === usualPlace(home)) await rm(join(home, ELSEWHERE), { force: true });
  else await writeFile(join(home, ELSEWHERE), `${folder}\n`);
}

/** What a process that computes has to know of them: what a person names in RETORT_CUDA goes first. */
export function cudaVariables(home: string): Record<string, string> {
  const folder = process.env['RETORT_CUDA'] ? null : cudaFolder(home);
  return folder === null ? {} : { RETORT_CUDA: folder };
}

/** How the libraries stand. */
export function cudaState(home: string): CudaState {
  const found = findCuda({ ...process.env, ...cudaVariables(home) });
  const folder = cudaFolder(home);
  return { folder: found && dirname(found.provider), isFetched: folder !== null && existsSync(join(folder, MARK)), missing: found?.missing ?? [], offer: cudaOffer() };
}
