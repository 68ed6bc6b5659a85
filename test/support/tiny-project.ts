import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exercise } from '../../resources/sample/task.ts';
import { tokenizerFiles } from '../../resources/sample/tokenizer.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { initModel } from '../../src-main/model/init.ts';

export interface TinyProject {
  folder: string;
  teacher: string;
  student: string;
  train: string;
  validation: string;
  recipe(changes?: Partial<RecipeInput>): RecipeInput;
  remove(): Promise<void>;
}

/** Two untrained models of one tokenizer and a little data, in a folder of its own. */
export async function tinyProject(): Promise<TinyProject> {
  const folder = await mkdtemp(join(tmpdir(), 'retort-project-'));
  const tokenizer = join(folder, 'tokenizer');
  await mkdir(tokenizer);
  for (const [name, content] of Object.entries(tokenizerFiles())) await writeFile(join(tokenizer, name), JSON.stringify(content));
  const model = async (name: string, hiddenSize: number, seed: number): Promise<string> => {
    const config = join(folder, `${name}.json`);
    await writeFile(config, JSON.stringify({
      architectures: ['LlamaForCausalLM'], model_type: 'llama', vocab_size: 17, hidden_size: hiddenSize, intermediate_size: 2 * hiddenSize,
      num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 96, rms_norm_eps: 1e-5,
      rope_theta: 10000, tie_word_embeddings: true, hidden_act: 'silu', bos_token_id: 0, eos_token_id: 1, initializer_range: 0.2,
    }));
    const to = join(folder, name);
    await initModel({ config, tokenizer, to, seed });
    return to;
  };
  const data = async (name: string, seed: number, count: number): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, Array.from({ length: count }, (_, at) => `${JSON.stringify(exercise(seed, at))}\n`).join(''));
    return path;
  };
  const [teacher, student] = [await model('teacher', 32, 1), await model('student', 16, 2)];
  const [train, validation] = [await data('train.jsonl', 1, 40), await data('validation.jsonl', 2, 6)];
  return {
    folder, teacher, student, train, validation,
    recipe: (changes = {}) => ({
      name: 'tiny', seed: 7,
      teacher: { model: teacher }, student: { model: student },
      data: { train, validation, prompt: '{{question}}', completion: '{{solution}}', maxPromptTokens: 24, maxCompletionTokens: 16 },
      method: { preset: 'gkd', lambda: 0.5, mixing: 'example', divergence: 'jsd', beta: 0.5 },
      train: { steps: 12, batchSize: 6, microBatchSize: 4, learningRate: 1e-3, schedule: 'linear', warmupSteps: 2, weightDecay: 0.01 },
      checkpoint: { every: 4, keep: 2 },
      ...changes,
    }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
