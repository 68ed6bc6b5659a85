import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../contract/problem.ts';

const ADAPTER_FILES = ['adapter_config.json', 'adapter_model.safetensors', 'adapter_model.bin'];
const WHOLE_FILES = ['model.safetensors', 'model.safetensors.index.json', 'pytorch_model.bin', 'pytorch_model.bin.index.json'];

/**
 * Whether a folder holds an adapter (LoRA, as PEFT saves it) and no model.
 * @throws Problem where it holds both, for it is not known whether the weights have the adapter in them already
 */
export function holdsAdapter(folder: string): boolean {
  const file = ADAPTER_FILES.find((name) => existsSync(join(folder, name)));
  if (file === undefined) return false;
  if (!WHOLE_FILES.some((name) => existsSync(join(folder, name)))) return true;
  throw new Problem(`${folder} holds a LoRA adapter (${file}) beside a whole model, and nothing says whether the weights have it in them.`, {
    hint: 'If they have, move the adapter\'s files away; if not, move the adapter to a folder of its own, and merge it where a whole model is wanted: retort model merge ADAPTER --to DIR.',
  });
}
