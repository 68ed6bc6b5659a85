import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { JsonObject } from '../files/json-object.ts';
import { readJsonFile } from '../files/json-file.ts';
import { frontMatter } from './front-matter.ts';
import { isGguf } from './gguf/gguf-model.ts';
import { readHeaderAt } from './gguf/header.ts';

/** What a model says of itself: its id on a hub, its licence by the hub's names, and where it says so. */
export interface Said { id: string | null; licence: string | null; saidBy: string | null }

/** Where a licence stands as text: the two that are told apart by their own words. */
const LICENCE_FILES = ['LICENSE', 'LICENSE.txt', 'LICENSE.md'];
const BY_THEIR_WORDS: readonly [RegExp, string][] = [[/^\s*Apache License\s+Version 2\.0/, 'apache-2.0'], [/^\s*(The )?MIT License/, 'mit']];

/** @param path  a model's folder or GGUF file. Nothing that cannot be read is a fault: it only says nothing. */
export async function saidOf(path: string): Promise<Said> {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  const said = isFile ? [await ofGguf(path), ...await ofFolder(dirname(path))] : await ofFolder(path);
  const licensed = said.find(({ licence }) => licence !== null);
  return { id: said.find(({ id }) => id !== null)?.id ?? null, licence: licensed?.licence ?? null, saidBy: licensed?.saidBy ?? null };
}

async function ofFolder(folder: string): Promise<Said[]> {
  const config = await readJsonFile(join(folder, 'config.json')).catch(() => null) ?? {};
  return [{ id: null, licence: licenceIn(frontMatter(await textOf(join(folder, 'README.md')))), saidBy: 'its README.md' },
    { id: hubId(config['_name_or_path']), licence: licenceIn(config), saidBy: 'its config.json' }, await ofLicenceFile(folder)];
}

async function ofLicenceFile(folder: string): Promise<Said> {
  for (const name of LICENCE_FILES) {
    const text = await textOf(join(folder, name));
    const known = BY_THEIR_WORDS.find(([words]) => words.test(text));
    if (known) return { id: null, licence: known[1], saidBy: `its ${name}` };
  }
  return { id: null, licence: null, saidBy: null };
}

async function ofGguf(path: string): Promise<Said> {
  try {
    if (!await isGguf(path)) return { id: null, licence: null, saidBy: null };
    const { metadata } = await readHeaderAt(path);
    const licence = metadata.get('general.license');
    const addresses = ['general.source.huggingface.repository', 'general.source.repo_url', 'general.repo_url', 'general.base_model.0.repo_url'].map((key) => metadata.get(key));
    return { id: addresses.map(hubId).find((id) => id !== null) ?? null, licence: typeof licence === 'string' && licence !== '' ? licence.toLowerCase() : null, saidBy: 'the file itself' };
  } catch {
    return { id: null, licence: null, saidBy: null };
  }
}

/** `license`, or the name of one that the hub does not list; several, as a dual licence has them, in one text. */
export function licenceIn({ license, license_name: name }: JsonObject): string | null {
  const texts = [license].flat().filter((text): text is string => typeof text === 'string' && text !== '' && text !== 'unknown');
  if (texts.length === 1 && texts[0] === 'other' && typeof name === 'string' && name !== '') return name;
  return texts.length === 0 ? null : texts.join(' or ').toLowerCase();
}

/** `org/name`, also where it stands in an address. */
function hubId(value: unknown): string | null {
  const text = typeof value === 'string' ? value.replace(/^https:\/\/(huggingface\.co|hf\.co)\//, '') : '';
  return /^[\w][\w.-]*\/[\w][\w.-]*$/.test(text) ? text : null;
}

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
