import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../contract/problem.ts';

const ADAPTER_FILES = ['adapter_config.json', 'adapter_model.safetensors', 'adapter_model.bin'];

/**
 * Refuses a folder with an adapter (LoRA, as PEFT saves it): alone it is no model, and beside whole weights it is not
 * known whether they have it in them already.
 */
export function refuseAdapter(folder: string): void {
  const file = ADAPTER_FILES.find((name) => existsSync(join(folder, name)));
  if (file === undefined) return;
  if (!existsSync(join(folder, 'config.json'))) {
    throw new Problem(`${folder} holds a LoRA adapter (${file}), which is no model by itself.`, {
      hint: 'Merge it into its base model first, in Python: PeftModel.from_pretrained(base, folder).merge_and_unload().save_pretrained(to).',
    });
  }
  throw new Problem(`${folder} holds a LoRA adapter (${file}) beside a whole model, and nothing says whether the weights have it in them.`, {
    hint: 'If they have, move the adapter\'s files away; if not, merge it first, in Python: PeftModel.from_pretrained(model, folder).merge_and_unload().save_pretrained(to).',
  });
}
