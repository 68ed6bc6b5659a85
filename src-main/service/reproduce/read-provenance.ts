import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import { reproductionSchema, type Reproduction } from '../../contract/reproduction.ts';
import { PROVENANCE } from '../export/provenance.ts';

/**
 * What made an export, as the export says: to be checked, and nothing to act on without the person.
 * @param wanted  its folder, or a file in it
 */
export async function readProvenance(wanted: string): Promise<{ folder: string; made: Reproduction }> {
  const place = resolve(wanted);
  const found = await stat(place).catch((cause: unknown) => {
    throw new Problem(`There is no export ${place}.`, { hint: 'Give the folder of an export, or a file in it.', cause });
  });
  const folder = found.isDirectory() ? place : dirname(place);
  const file = join(folder, PROVENANCE);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Problem(`${folder} does not say what made it: it has no ${PROVENANCE}.`, { hint: 'Exports of this version of Retort have one: export the model again.', cause });
  });
  const parsed = reproductionSchema.safeParse(jsonOf(text));
  if (parsed.success) return { folder, made: parsed.data };
  const [issue] = parsed.error.issues;
  throw new Problem(`${file} is damaged, or of another version of Retort: ${issue!.path.join('.') || 'its beginning'}: ${issue!.message}.`, { hint: 'Export the model again.' });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
