import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { integer } from '../../src-main/contract/random.ts';
import { initModel } from '../../src-main/model/init.ts';
import type { Shape, Size } from './sizes.ts';

/**
 * What is measured. `step`: one update on fixed texts of which every token but the first is learned; the teacher's
 * hidden states are given. `iteration`: the student continues the prompts, the teacher judges, one update.
 */
export type Task = 'step' | 'iteration';
export const TASKS: readonly Task[] = ['step', 'iteration'];

/** What a peer is told, as a JSON file. */
export interface Plan {
  task: Task;
  /** Model folders. */
  student: string;
  teacher: string;
  /** One batch in token ids, used at every step. */
  examples: { prompt: number[]; completion: number[] }[];
  maxNewTokens: number;
  learningRate: number;
  clipNorm: number;
}

/** Makes both models with random weights below `folder`, and the plan of each task. @returns the plans' paths */
export async function writePlans(size: Size, folder: string): Promise<Record<Task, string>> {
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
  const plan = async (task: Task, prompt: number): Promise<string> => {
    const path = join(folder, `${task}.json`);
    await writeJson(path, {
      ...models, task, maxNewTokens: size.completion, learningRate: 3e-4, clipNorm: 1,
      examples: texts.map((text) => ({ prompt: text.slice(0, prompt), completion: text.slice(prompt) })),
    } satisfies Plan);
    return path;
  };
  return { step: await plan('step', 1), iteration: await plan('iteration', size.prompt) };
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
