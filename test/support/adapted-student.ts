import { join } from 'node:path';
import type { TrainSettings } from '../../src-main/contract/recipe.ts';
import { flatRuleOf } from '../../src-main/distill/optimizers/flat/rules.ts';
import { Optimizer } from '../../src-main/distill/optimizers/optimizer.ts';
import { ruleOf } from '../../src-main/distill/optimizers/rules.ts';
import { DeviceOptimizer } from '../../src-main/distill/resident/device-optimizer.ts';
import { ResidentStudent } from '../../src-main/distill/resident/resident-student.ts';
import { Student, type LossSettings } from '../../src-main/distill/student.ts';
import { openAdapter } from '../../src-main/model/adapter/saved-adapter.ts';
import { buildDecoder, IN_MEMORY } from '../../src-main/nn/build.ts';
import { adapted, adapterParameters, type Adapters } from '../../src-main/nn/weights/adapted.ts';
import { dropoutOf } from '../../src-main/nn/weights/dropout.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import type { HostWeights } from '../../src-main/runtime/weights.ts';
import { loadFixture } from './model-fixture.ts';
import { TRAIN, type TestStudent } from './tiny-student.ts';

export interface AdaptedFixture { config: ModelConfig; weights: HostWeights; adapters: Adapters; read(into: (name: string) => Float32Array): Promise<void> }

/** An adapter that PEFT has saved, and the weights of its base model. */
export async function loadAdapted(folder: string, base: string): Promise<AdaptedFixture> {
  const { config, weights } = await loadFixture(join(folder, base));
  const { adapters, read } = await openAdapter(folder, config);
  return { config, weights, adapters, read };
}

/** The same where the executor has memory of its own: it stays there. */
export async function residentAdapted(
  executor: Executor, { config, weights, adapters, read }: AdaptedFixture, settings: LossSettings, { dropout = 0, seed = 0, ...train }: Partial<TrainSettings> & { dropout?: number; seed?: number } = {},
): Promise<TestStudent> {
  const chosen = { ...TRAIN, ...train };
  const optimizer = await DeviceOptimizer.open(executor, adapterParameters(adapters), flatRuleOf(chosen));
  await optimizer.load(read);
  const decoder = buildDecoder(config, adapted(IN_MEMORY, adapters));
  const training = dropout === 0 ? decoder : buildDecoder(config, adapted(IN_MEMORY, adapters, dropoutOf(dropout)));
  return { train: chosen, optimizer, student: await ResidentStudent.open(executor, decoder, optimizer, settings, { frozen: { weights, training, seed: dropout === 0 ? null : seed } }) };
}

/** A student that trains a fixture's adapter beside its base. */
export async function adaptedStudent(
  executor: Executor, { config, weights, adapters, read }: Pick<AdaptedFixture, 'config' | 'weights' | 'adapters' | 'read'>, settings: LossSettings,
  { dropout = 0, seed = 0, ...train }: Partial<TrainSettings> & { dropout?: number; seed?: number } = {},
): Promise<{ student: Student; optimizer: Optimizer; train: TrainSettings }> {
  const chosen = { ...TRAIN, ...train };
  const optimizer = new Optimizer(adapterParameters(adapters), ruleOf(chosen));
  await read((name) => optimizer.weights(name));
  const decoder = buildDecoder(config, adapted(IN_MEMORY, adapters));
  const training = dropout === 0 ? decoder : buildDecoder(config, adapted(IN_MEMORY, adapters, dropoutOf(dropout)));
  return { train: chosen, optimizer, student: new Student(executor, decoder, optimizer, settings, { frozen: { weights, training, seed: dropout === 0 ? null : seed } }) };
}
