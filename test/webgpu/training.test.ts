import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'vitest';
import { DIVERGENCES } from '../../src-main/contract/divergence.ts';
import { layOut, type MicroBatch, type TrainingExample } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Judge } from '../../src-main/distill/judge.ts';
import type { Optimizer } from '../../src-main/distill/optimizers/optimizer.ts';
import type { Student} from '../../src-main/distill/student.ts';
import { type LossSettings } from '../../src-main/distill/student.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import { adaptedStudent, loadAdapted } from '../support/adapted-student.ts';
import { expectClose } from '../support/close.ts';
import { onEveryDevice } from '../support/devices.ts';
import { randomWeights, tinyGpt2, tinyLlama, tinyT5 } from '../support/tiny-models.ts';
import { tinyStudent, partsStudent } from '../support/tiny-student.ts';

const cpu = ortExecutor('cpu', 1);
const LLAMA = tinyLlama({ headDim: 8, qkNorm: true, windows: [4, null], tiedEmbeddings: false });
const ADAPTERS = 'test/fixtures/engine/adapters';

const examples = (advantages: boolean): TrainingExample[] => [[3, 48, 7, 11, 2, 40, 8, 21, 5, 17], [9, 1, 4, 4, 22]].map((ids, index) => ({
  index, prompt: Int32Array.from(ids.slice(0, 2)), completion: Int32Array.from(ids.slice(2)), isOnPolicy: false,
  ...(advantages && { advantages: Float32Array.from(ids.slice(2), (id) => Math.sin(id)) }),
}));
const settings = (changes: Partial<LossSettings['method']> = {}): LossSettings => ({
  method: { divergence: 'jsd', beta: 0.3, normalizeBeta: false, lossTemperature: 1.5, ...changes }, sharedVocabulary: 50, chunk: 1,
});

interface Learned { losses: number[]; told: number[]; gradients: (readonly [string, Float32Array])[] }
type Make = (executor: Executor) => { student: Student; optimizer: Optimizer } | Promise<{ student: Student; optimizer: Optimizer }>;

/** Two micro-batches, whose gradients add up. */
async function learn(make: Make, executor: Executor, teacher: FrozenModel | null, advantages: boolean): Promise<Learned> {
  const { student, optimizer } = await make(executor);
  const losses: number[] = [];
  const told: number[] = [];
  for (const batch of layOut(examples(advantages), 1, 'token', student.decoder.encoder)) {
    const lesson = await student.learn(batch, teacher && { hidden: await teacher.hidden(batch), head: teacher });
    losses.push(lesson.loss);
    for (const name of ['divergence', 'targetLogprob', 'studentEntropy', 'teacherEntropy', 'agreement']) told.push(...lesson.told(name) ?? []);
  }
  await student.release();
  return { losses, told, gradients: optimizer.tensors.map(({ name }) => [name, optimizer.gradients(name).slice()]) };
}

async function expectAlike(make: Make, device: Executor, { teacher = null, advantages = false }: { teacher?: FrozenModel | null; advantages?: boolean } = {}): Promise<void> {
  const [found, wanted] = [await learn(make, device, teacher, advantages), await learn(make, cpu, teacher, advantages)];
  expectClose(found.losses, wanted.losses, 1e-4);
  expectClose(found.told, wanted.told, 1e-4);
  const largest = wanted.gradients.reduce((most, [, values]) => values.reduce((a, b) => Math.max(a, Math.abs(b)), most), 0);
  found.gradients.forEach(([name, values], at) => expectClose(values, wanted.gradients[at]![1], 1e-4, { name, least: 1e-2 * largest }));
}

onEveryDevice((device) => {
  const teacherOf = (config: ModelConfig): FrozenModel => new FrozenModel(cpu, buildDecoder(config), randomWeights(config, 9));

  it.each(DIVERGENCES)('has the loss and the gradients it has on the CPU with %s', async (divergence) => {
    await expectAlike((executor) => tinyStudent(executor, LLAMA, randomWeights(LLAMA, 3), settings({ divergence })), device(), { teacher: teacherOf(LLAMA) });
  });

  it('has them with a policy gradient, with and without a teacher', async () => {
    for (const teacher of [teacherOf(LLAMA), null]) {
      await expectAlike((executor) => tinyStudent(executor, LLAMA, randomWeights(LLAMA, 3), settings({ divergence: teacher ? 'reverse_kl' : 'cross_entropy' })), device(), { teacher, advantages: true });
    }
  });

  it.each<[string, ModelConfig]>([['llama', LLAMA], ['gpt2', tinyGpt2()], ['t5', tinyT5({ activation: 'relu', isGated: false })]])('has them where layers are computed again: %s', async (_, config) => {
    await expectAlike((executor) => tinyStudent(executor, config, randomWeights(config, 3), { ...settings(), recompute: true }), device(), { teacher: teacherOf(config) });
  });

  it.each<[string, ModelConfig]>([['llama', LLAMA], ['gpt2', tinyGpt2()]])('has them where weights lie in parts of their rows: %s', async (_, config) => {
    await expectAlike((executor) => partsStudent(executor, config, randomWeights(config, 3), settings(), 120), device(), { teacher: teacherOf(config) });
  });

  it.each(readdirSync(ADAPTERS))('has them for adapters beside frozen weights: %s', async (name) => {
    const { base_model_name_or_path: base } = JSON.parse(readFileSync(join(ADAPTERS, name, 'adapter_config.json'), 'utf8')) as { base_model_name_or_path: string };
    const fixture = await loadAdapted(join(ADAPTERS, name), base);
    await expectAlike((executor) => adaptedStudent(executor, fixture, { ...settings({ divergence: 'cross_entropy' }), sharedVocabulary: fixture.config.vocabSize }), device());
  });

  it('is judged as on the CPU, likeliest tokens and ranks included', async () => {
    const spec = { ...settings().method, sharedVocabulary: 50, chunk: 1, top: 3, also: ['forward_kl', 'tvd'] as const };
    const [batch] = layOut(examples(false), 2, 'token', null) as [MicroBatch];
    const judge = async (executor: Executor) => {
      const models = [3, 9].map((seed) => new FrozenModel(cpu, buildDecoder(LLAMA), randomWeights(LLAMA, seed))) as [FrozenModel, FrozenModel];
      const judged = await new Judge(executor, ...models, spec).judge(batch);
      return judged;
    };
    const [found, wanted] = [await judge(device()), await judge(cpu)];
    for (const [name, values] of Object.entries(wanted)) expectClose(Array.from(found[name]!, Number), Array.from(values, Number), 1e-4, { name });
  });
});
