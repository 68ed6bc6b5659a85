import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Compute } from '../../src-main/contract/compute.ts';
import type { Device } from '../../src-main/contract/divergence.ts';
import type { Products } from '../../src-main/contract/products.ts';
import type { FrozenPrecision } from '../../src-main/contract/recipe.ts';
import { integer } from '../../src-main/contract/random.ts';
import { initModel } from '../../src-main/model/init.ts';
import type { Shape, Size } from './sizes.ts';

/**
 * What is measured. `step`: one update on fixed texts of which every token but the first is learned; the teacher's
 * hidden states are given. `iteration`: the student continues the prompts, the teacher judges, one update; with the
 * teacher in `int8` or `int4`, multiplied exactly or fast, or with `adapters` in place of the whole student.
 */
export const TASKS = ['step', 'iteration', 'int8', 'int8-fast', 'int4', 'int4-fast', 'adapters'] as const;
export type Task = (typeof TASKS)[number];

/** Columns of each adapter; its scale is 2, and it stands beside every matrix but the output layer. */
const RANK = 16;

/** What a peer is told, as a JSON file. */
export interface Plan {
  task: Task;
  /** Model folders. */
  student: string;
  teacher: string;
  /** Of Retort's teacher: that of PyTorch is float32 in any case, for there is no other arithmetic on a CPU that would be faster. */
  teacherPrecision: FrozenPrecision;
  /** How Retort multiplies by the teacher's integers. */
  teacherProducts?: Products | undefined;
  /** Null where the whole student is trained. */
  adapter: { rank: number; alpha: number } | null;
  /** Where Retort's models, or those of its peer, compute; the processor if left out. */
  device?: Device;
  /** What Retort's products are computed in; fp32 if left out. */
  compute?: Compute;
  /** Texts that are computed at once; the whole batch if left out. */
  microBatch?: number;
  /** One batch in token ids, used at every step. */
  examples: { prompt: number[]; completion: number[] }[];
  maxNewTokens: number;
  learningRate: number;
  clipNorm: number;
}

/** Makes both models with random weights below `folder`, and the plan of each of its tasks. @returns the plans' paths */
export async function writePlans(size: Size, folder: string): Promise<ReadonlyMap<Task, string>> {
  const tokenizer = join(folder, 'tokenizer');
  await mkdir(tokenizer, { recursive: true });
  for (const [name, content] of Object.entries(tokenizerFiles(size.vocabulary))) await writeJson(join(tokenizer, name), content);
  const model = async (name: string, shape: Shape, seed: number): Promise<string> => {
    const config = join(folder, `${name}.json`);
    await writeJson(config, configOf(shape, size));
    const to = join(folder, name);
    await initModel({ config, tokenizer, to, seed });
    return to;
  };
  const models = { student: await model('student', size.student, 1), teacher: await model('teacher', size.teacher, 2) };
  const length = size.prompt + size.completion;
  const texts = Array.from({ length: size.batch }, (_, example) => (
    Array.from({ length }, (_, index) => integer(3, { purpose: 'generate', example, index }, size.vocabulary))));
  const plan = async (task: Task): Promise<[Task, string]> => {
    const prompt = task === 'step' ? 1 : size.prompt;
    const path = join(folder, `${task}.json`);
    await writeJson(path, {
      ...models, task, ...teacherOf(task),
      adapter: task === 'adapters' ? { rank: RANK, alpha: 2 * RANK } : null, maxNewTokens: size.completion, learningRate: 3e-4, clipNorm: 1,
      examples: texts.map((text) => ({ prompt: text.slice(0, prompt), completion: text.slice(prompt) })),
    } satisfies Plan);
    return [task, path];
  };
  return new Map(await Promise.all(size.tasks.map(plan)));
}

function teacherOf(task: Task): Pick<Plan, 'teacherPrecision' | 'teacherProducts'> {
  const [precision, products] = task.split('-');
  return precision === 'int8' || precision === 'int4' ? { teacherPrecision: precision, teacherProducts: products === 'fast' ? 'fast' : 'exact' } : { teacherPrecision: 'fp32' };
}

function configOf(shape: Shape, { vocabulary, prompt, completion }: Size): object {
  return {
    architectures: ['LlamaForCausalLM'], model_type: 'llama', ...shape, vocab_size: vocabulary,
    max_position_embeddings: prompt + completion, rms_norm_eps: 1e-5, rope_theta: 10000, hidden_act: 'silu',
    tie_word_embeddings: true, initializer_range: 0.02,
  };
}

/** A token for every row of the embedding; nothing is ever encoded with it. */
function tokenizerFiles(vocabulary: number): Record<string, object> {
  const end = `${vocabulary - 1}`;
  return {
    'tokenizer.json': {
      version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null,
      model: {
        type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null,
        fuse_unk: false, byte_fallback: false, ignore_merges: false,
        vocab: Object.fromEntries(Array.from({ length: vocabulary }, (_, id) => [`${id}`, id])), merges: [],
      },
    },
    'tokenizer_config.json': { tokenizer_class: 'PreTrainedTokenizerFast', eos_token: end, pad_token: end },
  };
}

function writeJson(path: string, content: object): Promise<void> {
  return writeFile(path, JSON.stringify(content));
}
