import { Problem } from '../../contract/problem.ts';
import type { GgufFile } from './gguf-file.ts';
import { planGpt2 } from './gpt2.ts';
import { planLlama } from './llama.ts';
import { checkTensors, type Plan } from './plan.ts';
import { ROPE_FACTORS } from './rope-scaling.ts';

/** Tables of the rotary embedding, which follow from the metadata; `rope_freqs` is read with the scaling. */
const INERT_OF_LLAMA = new RegExp(`^(${ROPE_FACTORS.replace('.', '\\.')}|blk\\.\\d+\\.attn_rot_embd(\\.weight)?)$`);
const NONE_INERT = /^$/;

/** Plans config and tensors. Throws a `Problem` that names an architecture, a key or a tensor that Retort does not support. */
export async function planImport(file: GgufFile): Promise<Plan> {
  const { metadata } = file;
  const type = metadata.text('general.type') ?? 'model';
  if (type !== 'model') throw metadata.unsupported('general.type', 'Give the file of a whole model.');
  const architecture = metadata.required('general.architecture', metadata.text('general.architecture'));
  switch (architecture) {
    case 'llama':
    case 'qwen2':
    case 'qwen3': {
      const plan = await planLlama(file, architecture);
      checkTensors(file, plan, INERT_OF_LLAMA);
      return plan;
    }
    case 'gpt2': {
      const plan = planGpt2(file);
      checkTensors(file, plan, NONE_INERT);
      return plan;
    }
    default: throw new Problem(`${file.path}: the architecture "${architecture}" cannot be imported`, {
      hint: 'Retort imports llama (Mistral and SmolLM included), qwen2, qwen3 and gpt2.',
    });
  }
}
