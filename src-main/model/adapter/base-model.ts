import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { Problem } from '../../contract/problem.ts';
import { rememberedDigest } from '../../files/digest.ts';
import { readJsonFile } from '../../files/json-file.ts';
import type { ModelFiles } from '../model-files.ts';

/** The file beside an adapter's weights by which its base model is known again. PEFT passes it over. */
export const BASE = 'retort-base.json';

const schema = z.object({ files: z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() })) });
export type BaseFiles = z.infer<typeof schema>;

/** What a base model's weights are, in short: size and SHA-256 of each of its files. */
export async function describeBase({ weightFiles }: ModelFiles): Promise<BaseFiles> {
  const files: BaseFiles['files'] = {};
  for (const path of weightFiles) files[basename(path)] = { bytes: (await stat(path)).size, sha256: await rememberedDigest(path) };
  return { files };
}

/** @throws Problem where the adapter knows of another base model; one of another program knows of none. */
export async function checkBase(adapter: string, base: ModelFiles): Promise<void> {
  const noted = await readJsonFile(join(adapter, BASE));
  if (!noted) return;
  const parsed = schema.safeParse(noted);
  if (!parsed.success) throw new Problem(`${join(adapter, BASE)} is damaged.`, { hint: 'Bring a copy back, or remove it: the base model is then not looked at.' });
  const now = await describeBase(base);
  const changed = Object.entries(parsed.data.files).find(([name, { sha256 }]) => now.files[name]?.sha256 !== sha256);
  if (!changed) return;
  const [name] = changed;
  throw new Problem(`${adapter} is an adapter beside other weights than those of ${base.path}: ${name} ${now.files[name] ? 'holds something else' : 'is not there'}.`, {
    hint: 'Bring back the base model that it was trained beside, or name the folder where it is now as base_model_name_or_path in adapter_config.json.',
  });
}
