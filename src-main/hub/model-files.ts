import { basename, dirname } from 'node:path/posix';
import { Problem } from '../contract/problem.ts';
import { TEMPLATE_FILES } from '../contract/template-files.ts';
import { isJsonObject } from '../files/json-object.ts';
import type { RepositoryFile } from './repository-files.ts';

/** What belongs to a model besides its weights: no code, and nothing that runs when it is read. */
const COMPANIONS = [
  'config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json',
  'vocab.json', 'merges.txt', 'tokenizer.model', 'spiece.model', ...TEMPLATE_FILES, 'adapter_config.json', 'LICENSE', 'LICENSE.txt', 'LICENSE.md',
];
const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const ADAPTER = 'adapter_model.safetensors';
const PICKLES = /\.(bin|pt|pth|ckpt|pkl|h5|msgpack|ot)$/i;
const PART = /-(\d{5})-of-(\d{5})\.gguf$/;

/** What of a model's repository is wanted. */
export type ModelFiles =
  | { readonly kind: 'folder' | 'adapter'; readonly files: readonly RepositoryFile[] }
  | { readonly kind: 'gguf'; readonly files: readonly RepositoryFile[] }
  /** There are only GGUF files, and one has to be chosen. */
  | { readonly kind: 'choose'; readonly choices: readonly RepositoryFile[] }
  /** Nothing that Retort reads. */
  | { readonly kind: 'none'; readonly why: Problem };

/**
 * The files of a repository that make a model.
 * @param readIndex  asked for the contents of the index where the weights are in several files
 * @param wanted  the name of a GGUF file, or the part of it that says how it is packed: "Q4_K_M"
 */
export async function chooseModelFiles(id: string, all: readonly RepositoryFile[], readIndex: (file: RepositoryFile) => Promise<unknown>, wanted: string | null): Promise<ModelFiles> {
  const root = new Map(all.filter(({ path }) => !path.includes('/')).map((file) => [file.path, file]));
  const ggufs = all.filter(({ path }) => /\.gguf$/i.test(path) && !/mmproj/i.test(path) && isFirstPart(path));
  if (wanted !== null) return { kind: 'gguf', files: withParts(all, chosen(id, ggufs, wanted)) };
  const companions = COMPANIONS.flatMap((name) => all.find(({ path }) => path === name) ?? []);
  const single = root.get(SINGLE);
  if (root.has('config.json') && single) return { kind: 'folder', files: [...companions, single] };
  const index = root.get(INDEX);
  if (root.has('config.json') && index) return { kind: 'folder', files: [...companions, index, ...shardsOf(id, await readIndex(index), root)] };
  const adapter = root.get(ADAPTER);
  if (root.has('adapter_config.json') && adapter) return { kind: 'adapter', files: [...companions, adapter] };
  if (ggufs.length === 1) return { kind: 'gguf', files: withParts(all, ggufs[0]!) };
  if (ggufs.length > 1) return { kind: 'choose', choices: ggufs.map((file) => ({ ...file, bytes: withParts(all, file).reduce((sum, { bytes }) => sum + bytes, 0) })) };
  return { kind: 'none', why: unreadable(id, all) };
}

function shardsOf(id: string, index: unknown, root: ReadonlyMap<string, RepositoryFile>): RepositoryFile[] {
  const map = isJsonObject(index) && isJsonObject(index['weight_map']) ? index['weight_map'] : {};
  const names = [...new Set(Object.values(map))];
  if (names.length === 0) throw new Problem(`The ${INDEX} of ${id} is damaged: it names no files.`);
  return names.map((name) => {
    const file = typeof name === 'string' && name.endsWith('.safetensors') ? root.get(name) : undefined;
    if (!file) throw new Problem(`The ${INDEX} of ${id} names a file ${JSON.stringify(name)}, which is not beside it.`);
    return file;
  });
}

function chosen(id: string, ggufs: readonly RepositoryFile[], wanted: string): RepositoryFile {
  const exact = ggufs.filter(({ path }) => path === wanted || basename(path) === wanted);
  const word = new RegExp(`(^|[^a-z0-9])${wanted.replaceAll(/[^\w]/g, '\\$&')}([^a-z0-9_]|$)`, 'i');
  const found = exact.length > 0 ? exact : ggufs.filter(({ path }) => word.test(basename(path)));
  if (found.length === 1) return found[0]!;
  const names = (found.length > 0 ? found : ggufs).map(({ path }) => path).slice(0, 30);
  if (ggufs.length === 0) throw new Problem(`${id} has no GGUF files.`);
  throw new Problem(found.length > 1 ? `${id} has ${found.length} GGUF files for "${wanted}".` : `${id} has no GGUF file "${wanted}".`, { hint: `Choose one of ${names.join(', ')}.` });
}

/** A GGUF file in several parts counts by its first. */
const isFirstPart = (path: string): boolean => (PART.exec(path)?.[1] ?? '00001') === '00001';

function withParts(all: readonly RepositoryFile[], first: RepositoryFile): RepositoryFile[] {
  const count = PART.exec(first.path)?.[2];
  if (count === undefined) return [first];
  const stem = first.path.replace(PART, '');
  const parts = all.filter(({ path }) => path.replace(PART, '') === stem && PART.exec(path)?.[2] === count);
  if (parts.length !== Number(count)) throw new Problem(`${first.path} is in ${Number(count)} parts, and only ${parts.length} of them are there.`, { hint: 'Choose another file.' });
  return parts.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function unreadable(id: string, all: readonly RepositoryFile[]): Problem {
  const pickles = all.filter(({ path }) => PICKLES.test(path) && dirname(path) === '.');
  if (pickles.length > 0) {
    return new Problem(`${id} has its weights only as ${pickles[0]!.path}, which can run code when it is read.`, { hint: 'Look for a copy of it with safetensors, or save it so with Transformers.' });
  }
  return new Problem(`${id} has no weights that Retort reads: neither safetensors beside a config.json nor a GGUF file.`, { hint: 'Look for another repository of the same model.' });
}
