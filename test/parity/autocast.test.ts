import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Compute } from '../../src-main/contract/compute.ts';
import { resolveMethod, type Method } from '../../src-main/contract/presets.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Trainer } from '../../src-main/distill/trainer.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import { nativeExecutor, standInExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import { dataExamples } from '../support/data-examples.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { residentStudent, tinyStudent } from '../support/tiny-student.ts';

interface Case {
  name: string; objective: Method['divergence']; reduction: Method['reduction']; beta?: number; student: string; teacher: string; shared: number;
  dtype: 'bfloat16' | 'float16'; losses: number[]; norms: number[];
}
interface Texts { steps: number; train: { learningRate: number; warmupSteps: number; weightDecay: number; clipNorm: number }; batches: { prompt: number[]; completion: number[] }[][] }

const MODELS = 'test/fixtures/engine/models';
const read = (name: string): unknown => JSON.parse(readFileSync(`test/fixtures/engine/${name}.json`, 'utf8'));
const { steps, train, batches } = read('training') as Texts;
const cases = Object.entries(read('autocast') as Record<string, Case>);
const batch = (step: number) => batches[step - 1]!.map(({ prompt, completion }, index) => ({ index, prompt: Int32Array.from(prompt), completion: Int32Array.from(completion) }));

/** PyTorch also keeps in half precision what lies between two products, which is float32 here: in roundings of 2^-8 and 2^-11, a few of each. */
const TOLERANCE = { bfloat16: { loss: 0.01, norm: 0.03 }, float16: { loss: 0.00125, norm: 0.01 } };
const COMPUTES = { bfloat16: 'bf16', float16: 'fp16' } as const;
const relative = (found: number, wanted: number): number => Math.abs(found - wanted) / Math.abs(wanted);

async function trained({ objective, reduction, beta = 0.5, student: of, teacher: by, shared }: Case, compute: Compute, isResident: boolean): Promise<{ losses: number[]; norms: number[]; scales: (number | null)[] }> {
  const isTaught = objective !== 'cross_entropy';
  const executor = isResident ? standInExecutor(1) : nativeExecutor(1);
  const { method } = resolveMethod({ preset: isTaught ? 'gkd' : 'sft', ...(isTaught && { lambda: 0, divergence: objective }), beta, reduction });
  const { config, weights } = await loadFixture(`${MODELS}/${of}`);
  const [settings, changes] = [{ method, sharedVocabulary: shared, chunk: 16, compute }, { ...train, compute, batchSize: 6, schedule: 'linear' as const }];
  const made = isResident ? await residentStudent(executor, config, weights, settings, changes) : tinyStudent(executor, config, weights, settings, changes);
  const judge = isTaught ? await loadFixture(`${MODELS}/${by}`) : null;
  const teacher = judge && new FrozenModel(executor, buildDecoder(judge.config), judge.weights, { compute });
  const trainer = new Trainer({ student: made.student, optimizer: made.optimizer, rollouts: null, data: { count: 60, batch: (step) => dataExamples(batch(step)) }, teacher },
    { seed: 0, steps, microBatchSize: 4, sharedVocabulary: shared, method, train: made.train });
  const told = { losses: [] as number[], norms: [] as number[], scales: [] as (number | null)[] };
  for (let step = 1; step <= steps; step++) {
    const { metrics } = await trainer.step(step);
    told.losses.push(metrics.loss);
    told.norms.push(metrics.gradientNorm);
    told.scales.push(metrics.lossScale);
  }
  await trainer.release();
  await teacher?.release();
  return told;
}

it.each(cases)('ten steps with mixed precision are those of PyTorch\'s autocast: %s', async (_, wanted) => {
  const { dtype, losses, norms } = wanted;
  const [found, exact] = [await trained(wanted, COMPUTES[dtype], false), await trained(wanted, 'fp32', false)];
  for (let at = 0; at < steps; at++) {
    expect(relative(found.losses[at]!, losses[at]!), `loss of step ${at + 1}`).toBeLessThan(TOLERANCE[dtype].loss);
    expect(relative(found.norms[at]!, norms[at]!), `gradient norm of step ${at + 1}`).toBeLessThan(TOLERANCE[dtype].norm);
    expect(found.losses[at], `loss of step ${at + 1}`).not.toBe(exact.losses[at]);
  }
  expect(new Set(found.scales)).toEqual(new Set([dtype === 'float16' ? 65536 : null]));
});

it.each(cases.filter(([name]) => /^(JSD|sft by)/.test(name)))('and are so on a device: %s', async (_, wanted) => {
  const { dtype, losses, norms } = wanted;
  const found = await trained(wanted, COMPUTES[dtype], true);
  losses.forEach((loss, at) => { expect(relative(found.losses[at]!, loss), `loss of step ${at + 1}`).toBeLessThan(TOLERANCE[dtype].loss); });
  norms.forEach((norm, at) => { expect(relative(found.norms[at]!, norm), `gradient norm of step ${at + 1}`).toBeLessThan(TOLERANCE[dtype].norm); });
});
