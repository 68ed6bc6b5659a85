import { join } from 'node:path';
import { z } from 'zod';
import { within } from '../../bounds/within.ts';
import { Problem } from '../../contract/problem.ts';
import { readJsonFile } from '../../files/json-file.ts';
import type { JsonObject } from '../../files/json-object.ts';

export const CONFIG = 'adapter_config.json';

const numbers = z.record(z.string(), z.number().positive());
const schema = z.object({
  base_model_name_or_path: z.string().min(1).nullish(),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).lt(1).default(0),
  rank_pattern: numbers.nullish(),
  alpha_pattern: numbers.nullish(),
  use_rslora: z.boolean().nullish(),
});

/** What Retort understands of an `adapter_config.json`; its tensors say which matrices have an adapter. */
export type PeftConfig = z.infer<typeof schema> & { readonly raw: JsonObject };

/** Fields that make an adapter another one, and what they mean. */
const STRANGE: Readonly<Record<string, string>> = {
  use_dora: 'it learns magnitudes beside its directions (DoRA)',
  use_qalora: 'it shares inputs by groups (QALoRA)',
  lora_bias: 'it has biases of its own',
  modules_to_save: 'it brings whole modules of its own',
  layer_replication: 'it repeats layers of the base model',
  trainable_token_indices: 'it brings embeddings of some tokens',
  target_parameters: 'it changes parameters that are no matrices of a layer',
  alora_invocation_tokens: 'it begins to act at certain tokens only (aLoRA)',
  arrow_config: 'it is chosen among several (Arrow)',
  use_bdlora: 'it is cut into blocks (BD-LoRA)',
  kasa_config: 'it changes the base model\'s weights (KaSA)',
  velora_config: 'it is of another kind (VeLoRA)',
  monteclora_config: 'it is of another kind (MonteCLoRA)',
};
/** Beginnings that are taken out of the base model's weights, so that the adapter fits another model than its base. */
const CHANGES_BASE = /^(pissa|olora|corda|loftq|lora_ga|mica)/;

/** What can be done with an adapter that Retort cannot keep beside its base model. */
export const MERGE = 'Merge it into its base model, in Python: PeftModel.from_pretrained(base, folder).merge_and_unload().save_pretrained(to).';

/** Reads a folder's `adapter_config.json`. @throws Problem that names what Retort does not support of PEFT's adapters */
export async function readPeftConfig(folder: string): Promise<PeftConfig> {
  const path = join(folder, CONFIG);
  const raw = await readJsonFile(path);
  if (!raw) throw new Problem(`${folder} has no ${CONFIG}.`, { hint: 'Expected an adapter as PEFT saves it.' });
  const refuse = (field: string, why: string): never => {
    throw new Problem(`${path}: ${field} is ${JSON.stringify(raw[field])}: ${why}, which Retort does not support.`, {
      hint: MERGE,
    });
  };
  if (raw['peft_type'] !== 'LORA') refuse('peft_type', 'it is no LoRA adapter');
  if (raw['bias'] !== undefined && raw['bias'] !== 'none') refuse('bias', 'it changes the base model\'s biases');
  for (const [field, why] of Object.entries(STRANGE)) if (isSet(raw[field])) refuse(field, why);
  if (typeof raw['init_lora_weights'] === 'string' && CHANGES_BASE.test(raw['init_lora_weights'])) refuse('init_lora_weights', 'it belongs to a base model whose weights were changed for it');
  const parsed = schema.safeParse(raw);
  if (parsed.success) return { ...parsed.data, raw };
  const [issue] = parsed.error.issues;
  throw new Problem(`${path}: ${issue!.path.join('.')}: ${issue!.message}.`, { hint: 'Expected an adapter_config.json as PEFT writes it.' });
}

/** Whether a field says something: PEFT writes all of them. */
const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== false && !(typeof value === 'object' && Object.keys(value).length === 0);

/** Rank and scale of a module's adapter, as PEFT finds them. @throws Problem where a pattern is no expression */
export function sizeOfAdapter(config: PeftConfig, path: string, module: string): { rank: number; scale: number } {
  const rank = matching(config.rank_pattern, path, module) ?? config.r;
  const alpha = matching(config.alpha_pattern, path, module) ?? config.lora_alpha;
  return { rank, scale: alpha / (config.use_rslora ? Math.sqrt(rank) : rank) };
}

/** Seconds that patterns may take for one name. */
const LIMIT = 2;

function matching(patterns: Readonly<Record<string, number>> | null | undefined, path: string, module: string): number | undefined {
  const given = Object.entries(patterns ?? {}).map(([pattern, value]) => ({ pattern, value, expression: expression(pattern, path) }));
  let tried = '';
  const found = (): number | undefined => given.find(({ pattern, expression: one }) => {
    tried = pattern;
    return one.test(module);
  })?.value;
  return given.length === 0 ? undefined : within(LIMIT, found, () => new Problem(`${path}: the pattern ${JSON.stringify(tried)} took longer than ${LIMIT} seconds on the name ${module}.`, {
    hint: 'Write the modules\' names instead.',
  }));
}

function expression(pattern: string, path: string): RegExp {
  try {
    return new RegExp(`^(.*\\.)?(${pattern})$`);
  } catch (cause) {
    throw new Problem(`${path}: the pattern ${JSON.stringify(pattern)} cannot be read: ${(cause as Error).message}.`, { hint: 'Write the modules\' names instead.', cause });
  }
}
