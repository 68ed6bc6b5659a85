import type { TrainSettings } from '../../src-main/contract/recipe.ts';
import { shippingOf } from '../../src-main/distill/shipping/ship.ts';
import type { Learner } from '../../src-main/distill/learner.ts';
import type { Updates } from '../../src-main/distill/optimizers/updates.ts';
import { flatRuleOf } from '../../src-main/distill/optimizers/flat/rules.ts';
import { Optimizer } from '../../src-main/distill/optimizers/optimizer.ts';
import { ruleOf } from '../../src-main/distill/optimizers/rules.ts';
import { DeviceOptimizer } from '../../src-main/distill/resident/device-optimizer.ts';
import { ResidentStudent } from '../../src-main/distill/resident/resident-student.ts';
import { Student, type LossSettings } from '../../src-main/distill/student.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { buildDecoder, listParameters, type ParameterSpec } from '../../src-main/nn/build.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import { EXACT } from '../../src-main/nn/weights/exact.ts';
import { inRows } from '../../src-main/nn/weights/in-rows.ts';
import { rowsOf } from '../../src-main/nn/weights/rows.ts';
import type { ShippingPlan } from '../../src-main/nn/weights/shipped.ts';
import { float32 } from '../../src-main/runtime/tensor.ts';
import type { HostWeights } from '../../src-main/runtime/weights.ts';

export const TRAIN: TrainSettings = {
  batchSize: 4, phases: false, optimizer: 'adamw', moments: 'fp32', compute: 'fp32', learningRate: 1e-3, schedule: 'constant', finalLearningRate: 0, warmupSteps: 0,
  weightDecay: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, scaleParameter: false, clipNorm: 0,
};

/** What of it a test trains by, on the host or on a device. */
export interface TestStudent { student: Learner; optimizer: Updates; train: TrainSettings }
type Changes = Partial<TrainSettings> & { ship?: ShippingPlan };

/** The same student where the executor has memory of its own: it stays there. */
export async function residentStudent(executor: Executor, config: ModelConfig, weights: HostWeights, settings: LossSettings, { ship, ...train }: Changes = {}, most?: number): Promise<TestStudent & { student: ResidentStudent; optimizer: DeviceOptimizer }> {
  const chosen = { ...TRAIN, ...train };
  const parameters = listParameters(config);
  const shipping = ship && shippingOf(config, ship);
  const optimizer = await DeviceOptimizer.open(executor, parameters.map((parameter) => ({ ...parameter, ...(shipping && { beside: shipping.beside(parameter) }) })), flatRuleOf(chosen), most === undefined ? {} : { elements: most });
  const parts = most === undefined ? weights : inParts(weights, parameters, most);
  await optimizer.load(async (into) => { for (const { name } of optimizer.tensors) into(name).set(parts[name]!.data as Float32Array); });
  const { decoder = buildDecoder(config, most === undefined ? undefined : inRows(EXACT, most)), shipped } = shipping?.part(optimizer.mirror) ?? {};
  return { train: chosen, optimizer, student: await ResidentStudent.open(executor, decoder, optimizer, settings, { shipped: shipped ?? null }) };
}

/** A student of a config with the given weights, and its optimizer. */
export function tinyStudent(
  executor: Executor, config: ModelConfig, weights: HostWeights, settings: LossSettings, { ship, ...train }: Changes = {},
): { student: Student; optimizer: Optimizer; train: TrainSettings } {
  const chosen = { ...TRAIN, ...train };
  const parameters = listParameters(config);
  const shipping = ship && shippingOf(config, ship);
  const optimizer = new Optimizer(parameters.map((parameter) => ({ ...parameter, gradientRows: 512, ...(shipping && { beside: shipping.beside(parameter) }) })), ruleOf(chosen));
  for (const { name } of parameters) optimizer.weights(name).set(weights[name]!.data as Float32Array);
  const { decoder = buildDecoder(config), shipped } = shipping?.part(optimizer) ?? {};
  return { train: chosen, optimizer, student: new Student(executor, decoder, optimizer, settings, { shipped: shipped ?? null }) };
}

/** The same whose weights lie in parts of at most `most` elements. */
export function partsStudent(executor: Executor, config: ModelConfig, weights: HostWeights, settings: LossSettings, most: number, train: Partial<TrainSettings> = {}): { student: Student; optimizer: Optimizer; train: TrainSettings } {
  const chosen = { ...TRAIN, ...train };
  const parameters = listParameters(config);
  const optimizer = new Optimizer(parameters.map((parameter) => ({ ...parameter, gradientRows: 512 })), ruleOf(chosen), { elements: most });
  for (const [name, { data }] of Object.entries(inParts(weights, parameters, most))) optimizer.weights(name).set(data as Float32Array);
  return { optimizer, train: chosen, student: new Student(executor, buildDecoder(config, inRows(EXACT, most)), optimizer, settings) };
}

/** Weights as parts of their rows. */
export function inParts(weights: HostWeights, parameters: readonly ParameterSpec[], most: number): HostWeights {
  return Object.fromEntries(parameters.flatMap((parameter) => {
    const whole = weights[parameter.name]!.data as Float32Array;
    const width = whole.length / parameter.shape[0]!;
    return rowsOf(parameter, most).map(({ name, shape, start }) => [name, float32(whole.slice(start * width, (start + shape[0]!) * width), shape)]);
  }));
}
