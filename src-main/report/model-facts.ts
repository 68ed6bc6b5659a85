import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openModel } from '../model/folder.ts';
import { countParameters, listParameters } from '../nn/build.ts';
import { modelIn } from '../run-folder/moments.ts';

/** What is told of a model; null where its folder is gone, or does not say. */
export interface ModelFacts { path: string; parameters: number | null; family: string | null; licence: string | null }

export async function modelFacts(path: string): Promise<ModelFacts> {
  const folder = modelIn(path);
  const licence = await statedLicence(folder);
  try {
    const { config } = await openModel(folder);
    return { path, parameters: countParameters(listParameters(config)), family: config.modelType, licence };
  } catch {
    // A run outlives the folders it came from.
    return { path, parameters: null, family: null, licence };
  }
}

/** The licence that a model or data card states in its head. @param path  a folder with its README, or a file beside it */
export async function statedLicence(path: string): Promise<string | null> {
  const isFolder = await stat(path).then((found) => found.isDirectory(), () => false);
  const card = await readFile(join(isFolder ? path : dirname(path), 'README.md'), 'utf8').catch(() => '');
  const head = /^---\r?\n(.*?)\r?\n---\r?\n/s.exec(card)?.[1] ?? '';
  // What stands behind `#` is a remark, as in the cards of exports that nobody has filled in.
  const value = /^license:[ \t]*(.*)$/m.exec(head)?.[1]?.replace(/(^|\s)#.*$/, '').trim().replaceAll(/^["']|["']$/g, '');
  return value === undefined || value === '' ? null : value;
}
