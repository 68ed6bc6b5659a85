import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import type { ModelFiles } from '../model-files.ts';
import { AdaptedModel } from './adapted-model.ts';
import { checkBase } from './base-model.ts';
import { CONFIG, readPeftConfig, type PeftConfig } from './peft-config.ts';
import { isAdapter, openAdapter } from './saved-adapter.ts';

/**
 * Opens an adapter's folder with the base model that it names.
 * @throws Problem where the base model is not there or is not the one that the adapter was trained beside
 */
export async function openAdapted(path: string, openModel: (path: string) => Promise<ModelFiles>): Promise<ModelFiles> {
  const config = await readPeftConfig(path);
  const base = baseOf(path, config);
  if (isAdapter(base)) throw new Problem(`${path} is an adapter beside ${base}, which is an adapter itself.`, { hint: 'Merge that one first: retort model merge ADAPTER --to DIR.' });
  const model = await openModel(base);
  await checkBase(path, model);
  const adapter = await openAdapter(path, model.config, config);
  await adapter.checkBrought(model);
  return new AdaptedModel(model, adapter);
}

/** Where an adapter's base model is: relative places are looked for beside the adapter and from where the program runs. @throws Problem where it is not there */
export function baseOf(path: string, { base_model_name_or_path: named }: PeftConfig): string {
  if (!named) throw new Problem(`${join(path, CONFIG)} names no base model.`, { hint: 'Write the folder of the model that it was trained beside as base_model_name_or_path.' });
  const places = isAbsolute(named) ? [named] : [resolve(path, named), resolve(named)];
  const base = places.find((place) => existsSync(place));
  if (base !== undefined) return base;
  throw new Problem(`${path} is an adapter, and its base model ${named} is not there.`, {
    hint: `Bring the base model back to its place, or write the folder where it is now as base_model_name_or_path in ${CONFIG}.`,
  });
}
