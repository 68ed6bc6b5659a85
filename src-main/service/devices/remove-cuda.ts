import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import { cudaFolder, ELSEWHERE, MARK } from './cuda-place.ts';

/** Removes the libraries that Retort has fetched. @returns their folder. @throws Problem where there are none, or they are a person's own */
export async function removeCuda(home: string): Promise<string> {
  const folder = cudaFolder(home);
  if (folder === null) throw new Problem('There are no CUDA libraries that Retort has fetched.', { hint: '`retort devices` says what is there.' });
  if (!existsSync(join(folder, MARK))) throw new Problem(`${folder} is not from Retort, so it stays.`, { hint: 'Remove it by hand, or take it out of the settings.' });
  // Without its mark a folder that is half removed would be taken for a person's own.
  await rm(folder, { recursive: true, force: true });
  await rm(join(home, ELSEWHERE), { force: true });
  return folder;
}
