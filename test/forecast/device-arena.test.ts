import { expect, it } from 'vitest';
import { adapterSchema } from '../../src-main/contract/adapter.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { layOut, type TrainingExample } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { lossChunk } from '../../src-main/distill/loss-chunk.ts';
import { recomputes } from '../../src-main/distill/activations.ts';
import { forecastMemory } from '../../src-main/forecast/memory-forecast.ts';
import { trainedAdapter } from '../../src-main/model/adapter/trained-adapter.ts';
import type { Model } from '../../src-main/model/load-model.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { isOnDevice, type DeviceTensor } from '../../src-main/runtime/device/device-memory.ts';
import { bytesFor } from '../../src-main/runtime/device/tensor-bytes.ts';
import { standInExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import type { Program } from '../../src-main/runtime/program.ts';
import type { Tensor } from '../../src-main/runtime/tensor.ts';
import { methodOf, parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { residentAdapted } from '../support/adapted-student.ts';
import { arenaHeld } from '../support/arena-held.ts';
import { randomWeights, tinyGpt2, tinyLlama, tinyT5 } from '../support/tiny-models.ts';
import { residentStudent } from '../support/tiny-student.ts';

const VOCABULARY = 2000;
const SHAPE = { vocabSize: VOCABULARY, hiddenSize: 96, layers: 3, heads: 6, intermediateSize: 288, contextLength: 256 };
const llama = tinyLlama({ ...SHAPE, kvHeads: 2, headDim: 16, rope: { theta: 10_000, scaling: null, width: 16 }, windows: [null, null, null] });
const gpt2 = tinyGpt2(SHAPE);
const t5 = tinyT5({ ...SHAPE, encoderLayers: 3, headDim: 16, tiedEmbeddings: true });

type Named = Case & { name: string };

interface Case { config: ModelConfig; teacher?: ModelConfig; isAdapter?: boolean; batch?: number; micro?: number; prompt?: number; completion?: number; train?: Partial<NonNullable<RecipeInput['train']>> }

/** A model that is nothing but its config; each where another file lies. */
function modelOf(config: ModelConfig, path: string): Model {
  const parameters = listParameters(config);
  const place = (name: string): object => {
    const { shape: [rows, width = 1] } = parameters.find((parameter) => parameter.name === name)!;
    return { encoding: 'F32', rows, width, bytes: 4 * rows! * width, isTurned: false, pairedHeads: null, joinedHeads: null };
  };
  return { folder: { path, kind: 'folder', config, place }, decoder: buildDecoder(config), parameters } as unknown as Model;
}

async function expectForecast({ config, teacher, isAdapter = false, batch = 4, micro = batch, prompt = 40, completion = 40, train = {} }: Case): Promise<void> {
  const recipe = parseRecipe({
    name: 'device', student: { model: 'student', device: 'webgpu', ...(isAdapter && { adapter: adapterSchema.parse({ rank: 8 }) }) }, ...(teacher && { teacher: { model: 'teacher', device: 'webgpu', cache: false } }),
    data: { train: 'data.jsonl', prompt: '{{q}}', completion: '{{a}}', maxPromptTokens: prompt, maxCompletionTokens: completion },
    method: { preset: teacher ? 'supervised-kd' : 'sft' }, train: { steps: 3, batchSize: batch, microBatchSize: micro, ...train },
  } satisfies RecipeInput, 'test');
  const method = methodOf(recipe);
  const student = modelOf(config, import.meta.filename);
  const adapter = trainedAdapter(student.folder, recipe.student);
  const { activations } = forecastMemory({
    recipe, heldOut: recipe.data, method, student, adapter, shipping: null, teacher: teacher ? modelOf(teacher, import.meta.dirname) : null,
    sharedVocabulary: VOCABULARY, microBatchSize: micro, train: null, writesAnswers: false,
  }).device!.parts;

  const executor = standInExecutor(1);
  const settings = { method, sharedVocabulary: VOCABULARY, chunk: lossChunk(VOCABULARY), recompute: recomputes(recipe, student) };
  const weights = randomWeights(config, 1, 0.05);
  const { student: learner, optimizer } = adapter
    ? await residentAdapted(executor, { config, weights, adapters: adapter.adapters, read: async () => {} }, settings, recipe.train)
    : await residentStudent(executor, config, weights, settings, recipe.train);
  const judge = teacher && new FrozenModel(executor, buildDecoder(teacher), randomWeights(teacher, 2, 0.05));
  executor.giveBack();
  const update = Reflect.get(optimizer, 'program') as Program;
  const before = arenaHeld(update);
  const text = (count: number): Int32Array => Int32Array.from({ length: count }, (_, at) => 3 + ((at * 31) % 900));
  const examples = Array.from({ length: batch }, (_, index): TrainingExample => ({ index, prompt: text(prompt), completion: text(completion), isOnPolicy: false }));
  let handed = 0;
  for (let step = 1; step <= 3; step++) {
    const batches = layOut(examples, micro, 'token', learner.decoder.encoder);
    const views: (Tensor | DeviceTensor | null)[] = [];
    for (const one of batches) views.push(judge ? await judge.hiddenIn(executor.memory!, one) : null);
    const there = views.filter((view): view is DeviceTensor => view !== null && isOnDevice(view));
    handed = there.reduce((sum, view) => sum + bytesFor(view), 0);
    for (const [at, one] of batches.entries()) await learner.learn(one, judge ? { hidden: views[at]!, head: judge } : null, step, 1);
    await optimizer.apply({ step, learningRate: 1e-3, clipNorm: 1 });
    for (const view of there) executor.memory!.release(view);
  }
  const measured = arenaHeld(update) - before + handed;
  await learner.release();
  await judge?.release();
  expect(measured).toBeGreaterThan(2 ** 20);
  expect(activations / measured).toBeGreaterThanOrEqual(1);
  expect(activations / measured).toBeLessThan(1.15);
}

it.each<Named>([
  { name: 'llama', config: llama },
  { name: 'llama, layers computed again', config: llama, train: { recompute: true } },
  { name: 'llama with a teacher, in micro-batches', config: llama, teacher: llama, micro: 1 },
  { name: 'llama with Adafactor, in uneven micro-batches', config: llama, batch: 5, micro: 2, train: { optimizer: 'adafactor' } },
  { name: 'an adapter of llama', config: llama, isAdapter: true },
  { name: 'an adapter of llama with a teacher of another family, in micro-batches', config: llama, teacher: gpt2, isAdapter: true, micro: 2, prompt: 60 },
  { name: 'gpt2 with a teacher', config: gpt2, teacher: gpt2, batch: 6, prompt: 20, completion: 70 },
  { name: 'an adapter of gpt2, in micro-batches', config: gpt2, isAdapter: true, micro: 2 },
  { name: 't5', config: t5 },
  { name: 't5 with a teacher, in micro-batches', config: t5, teacher: t5, micro: 2, prompt: 70, completion: 20 },
  { name: 'an adapter of t5, layers computed again', config: t5, isAdapter: true, train: { recompute: true } },
  { name: 'llama with texts that are hardly anything beside its weights', config: llama, batch: 1, prompt: 8, completion: 8 },
])('what a device\'s programs hold is told, and at most 15 % more: $name', (one) => expectForecast(one));
