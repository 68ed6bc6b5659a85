import { Problem } from '../../contract/problem.ts';
import { checkSizes } from './check-sizes.ts';
import type { GgufContents } from './contents.ts';
import type { GgufFile } from './gguf-file.ts';
import { planGemma } from './gemma.ts';
import { planGlm4 } from './glm4.ts';
import { planGpt2 } from './gpt2.ts';
import { planGptOss } from './gpt-oss.ts';
import { planGptNeoX } from './gptneox.ts';
import { planLfm2 } from './lfm2.ts';
import { planLlama } from './llama.ts';
import { planOlmo2 } from './olmo2.ts';
import { planPhi3 } from './phi3.ts';
import { checkTensors, type Plan } from './plan.ts';
import { planQwen3Moe } from './qwen3-moe.ts';
import { ROPE_FACTORS } from './rope-scaling.ts';
import { planT5 } from './t5.ts';
import { planStableLm } from './stablelm.ts';

/** Tables of the rotary embedding, which follow from the metadata or are read with them. */
const INERT = new RegExp(`^(${ROPE_FACTORS.replace('.', '\\.')}|rope_factors_(long|short)\\.weight|blk\\.\\d+\\.attn_rot_embd(\\.weight)?)$`);
const NONE_INERT = /^$/;

const PLANNERS: Readonly<Record<string, (file: GgufContents) => Plan | Promise<Plan>>> = {
  llama: (file) => planLlama(file, 'llama'),
  qwen2: (file) => planLlama(file, 'qwen2'),
  qwen3: (file) => planLlama(file, 'qwen3'),
  qwen3moe: planQwen3Moe,
  'gpt-oss': planGptOss,
  smollm3: (file) => planLlama(file, 'smollm3'),
  granite: (file) => planLlama(file, 'granite'),
  mistral3: (file) => planLlama(file, 'mistral3'),
  gemma2: (file) => planGemma(file, 'gemma2'),
  gemma3: (file) => planGemma(file, 'gemma3'),
  phi3: planPhi3,
  olmo2: planOlmo2,
  glm4: planGlm4,
  stablelm: planStableLm,
  lfm2: planLfm2,
  gptneox: planGptNeoX,
  gpt2: planGpt2,
  t5: planT5,
};

/** Plans config and tensors. Throws a `Problem` that names an architecture, a key or a tensor that Retort does not support. */
export async function planImport(file: GgufFile): Promise<Plan> {
  checkSizes(file, file.metadata.text('general.architecture') ?? '');
  const plan = await planContents(file);
  checkTensors(file, plan, file.metadata.text('general.architecture') === 'gpt2' ? NONE_INERT : INERT);
  return plan;
}

/** As `planImport`, of tensors that nobody has looked at yet. */
export async function planContents(file: GgufContents): Promise<Plan> {
  const { metadata } = file;
  const type = metadata.text('general.type') ?? 'model';
  if (type !== 'model') throw metadata.unsupported('general.type', 'Give the file of a whole model.');
  const architecture = metadata.required('general.architecture', metadata.text('general.architecture'));
  const planner = Object.hasOwn(PLANNERS, architecture) ? PLANNERS[architecture] : undefined;
  if (!planner) {
    throw new Problem(`${file.path}: the architecture "${architecture}" cannot be imported`, {
      hint: `Retort imports ${Object.keys(PLANNERS).join(', ')} (Mistral and SmolLM are stored as llama, OLMo 3 as olmo2).`,
    });
  }
  return planner(file);
}
