import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import type { ByteSources } from '../../files/byte-source.ts';
import type { Metadata } from './metadata.ts';

/** As llama.cpp names the parts of a model that is split: PREFIX-00001-of-00003.gguf. */
const PART = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/;

/** The files of a GGUF model by the name of one of them. */
export function filesNamedLike(path: string): string[] {
  const [, prefix, , count] = PART.exec(basename(path)) ?? [];
  return prefix === undefined ? [path] : partNames(dirname(path), prefix, Number(count)).filter((part) => existsSync(part));
}

function partNames(folder: string, prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => join(folder, `${prefix}-${digits(at + 1)}-of-${digits(count)}.gguf`));
}

/** The files of a model, first to last, whichever of them is given. @throws Problem where one is not there */
export function partsOf(path: string, metadata: Metadata, from: Pick<ByteSources, 'has'>): string[] {
  const count = metadata.count('split.count') ?? 1;
  if (count <= 1) return [path];
  const [, prefix, , named] = PART.exec(basename(path)) ?? [];
  if (prefix === undefined || Number(named) !== count) {
    throw new Problem(`${path} is one of ${count} parts of a model, and its name does not lead to the others.`, {
      hint: `Give the parts the names that they came with, which end in -00001-of-${digits(count)}.gguf.`,
    });
  }
  const paths = partNames(dirname(path), prefix, count);
  const missing = paths.filter((part) => !from.has(part));
  if (missing.length > 0) {
    throw new Problem(`${path} is one of ${count} parts of a model, and beside it ${missing.map((part) => basename(part)).join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing.`, {
      hint: 'Copy or download the missing parts into the same folder.',
    });
  }
  return paths;
}

/** @throws Problem where files that are named as the parts of one model are not */
export function checkParts(paths: readonly string[], parts: readonly Metadata[]): void {
  parts.forEach((metadata, at) => {
    const [no, count] = [metadata.count('split.no'), metadata.count('split.count')];
    if (no === at && count === parts.length) return;
    throw new Problem(`${paths[at]} says of itself that it is part ${(no ?? 0) + 1} of ${count ?? 1}, and its name says part ${at + 1} of ${parts.length}.`, {
      hint: 'Copy or download the parts again.',
    });
  });
}

const digits = (number: number): string => String(number).padStart(5, '0');
