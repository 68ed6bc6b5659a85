/**
 * Makes the sample project: its data, its teacher, and the student that every method starts from.
 *
 *     npx tsx resources/sample/make.ts FOLDER
 *
 * Both models are fine-tuned by Retort itself: the teacher on many exercises until it hardly errs, the student on the
 * few that the project ships and for a short while, so that it has learned how a solution looks but often slips.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RunEvent } from '../../src-main/contract/events.ts';
import type { WeightPrecision } from '../../src-main/contract/model-description.ts';
import { recipeSchema, type RecipeInput } from '../../src-main/contract/recipe.ts';
import { writeJsonLines } from '../../src-main/data/write.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { initModel } from '../../src-main/model/init.ts';
import { publishModel } from '../../src-main/model/write-folder.ts';
import { listParameters } from '../../src-main/nn/build.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { ALPHABET, exercise } from './task.ts';
import { tokenizerFiles } from './tokenizer.ts';

interface Shape { layers: number; width: number; inner: number; heads: number }

const TEACHER: Shape = { layers: 5, width: 192, inner: 512, heads: 6 };
const STUDENT: Shape = { layers: 2, width: 64, inner: 176, heads: 4 };
const DATA = { prompt: '{{question}}', completion: '{{solution}}', maxPromptTokens: 20, maxCompletionTokens: 56 };

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Give the folder to make the project in.');
const root = resolve(folder);
const path = (...parts: string[]): string => join(root, ...parts);

await mkdir(path('tokenizer'), { recursive: true });
for (const [name, content] of Object.entries(tokenizerFiles())) await writeFile(path('tokenizer', name), JSON.stringify(content));
await writeJsonLines(path('teacher.jsonl'), exercises(1, 150_000));
await writeJsonLines(path('train.jsonl'), exercises(2, 800));
await writeJsonLines(path('dev.jsonl'), exercises(3, 300));
await fineTune('teacher', TEACHER, 'teacher.jsonl', { steps: 1500, batchSize: 48, learningRate: 0.002, schedule: 'cosine', warmupSteps: 100 });
await fineTune('student', STUDENT, 'train.jsonl', { steps: 700, batchSize: 32, learningRate: 0.003, schedule: 'linear', warmupSteps: 20 });
// The teacher is only read, so half precision is enough and the repository half as large.
await ship('teacher', 1500, 'fp16');
await ship('student', 700, 'fp32');

function exercises(seed: number, count: number): object[] {
  return Array.from({ length: count }, (_, at) => exercise(seed, at));
}

/** Leaves the model in the run's last checkpoint. */
async function fineTune(name: string, shape: Shape, train: string, settings: RecipeInput['train']): Promise<void> {
  await writeFile(path(`${name}.json`), JSON.stringify(config(shape)));
  await initModel({ config: path(`${name}.json`), tokenizer: path('tokenizer'), to: path(`${name}-start`), seed: 0 });
  const recipe = recipeSchema.parse({
    name, seed: name === 'teacher' ? 1 : 0,
    student: { model: path(`${name}-start`) },
    data: { ...DATA, train: path(train), validation: path('dev.jsonl') },
    method: { preset: 'sft' },
    train: settings,
    evaluate: { every: 250, metrics: ['accuracy'] },
    checkpoint: { every: 250, keep: 1 },
  } satisfies RecipeInput);
  await runJob({ recipe, runDir: path(`${name}-run`), runId: name, isResumed: false, emit: print, stopRequest: () => null });
}

/** Puts a run's last model into the folder that the project ships. */
async function ship(name: string, steps: number, precision: WeightPrecision): Promise<void> {
  const folder = await openModel(path(`${name}-run`, 'checkpoints', `step-${steps}`, 'model'));
  const parameters = listParameters(folder.config);
  const weights = new Map<string, Float32Array>();
  await folder.readWeights((weight, shape) => {
    const data = new Float32Array(shape.reduce((size, dim) => size * dim, 1));
    weights.set(weight, data);
    return data;
  }, parameters);
  await publishModel(path(name), { from: folder, precision, tensors: parameters.map((parameter) => ({ ...parameter, data: weights.get(parameter.name)! })) });
}

function config({ layers, width, inner, heads }: Shape): object {
  return {
    architectures: ['LlamaForCausalLM'], model_type: 'llama', vocab_size: ALPHABET.length + 2, hidden_size: width, intermediate_size: inner,
    num_hidden_layers: layers, num_attention_heads: heads, num_key_value_heads: heads, max_position_embeddings: 96, rms_norm_eps: 1e-5,
    rope_theta: 10000, tie_word_embeddings: true, hidden_act: 'silu', bos_token_id: 0, eos_token_id: 1, initializer_range: 0.05,
  };
}

function print(event: RunEvent): void {
  if (event.event === 'evaluation') console.log(`step ${event.step}: accuracy ${event.metrics['accuracy']!.value}`);
}
