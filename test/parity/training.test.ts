import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PRESET_TABLE, resolveMethod, type Method } from '../../src-main/contract/presets.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Trainer } from '../../src-main/distill/trainer.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { dataExamples } from '../support/data-examples.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { tinyStudent } from '../support/tiny-student.ts';

interface Case {
  name: string; objective: Method['divergence']; reduction: Method['reduction']; beta?: number; normalizeBeta?: boolean; temperature?: number;
  student: string; teacher: string; shared: number; losses: number[]; norms: number[]; weights: Record<string, number[]>;
}
interface Fixture {
  steps: number;
  train: { learningRate: number; warmupSteps: number; weightDecay: number; clipNorm: number };
  batches: { prompt: number[]; completion: number[] }[][];
  cases: Case[];
}

const MODELS = 'test/fixtures/engine/models';
const fixture = JSON.parse(readFileSync('test/fixtures/engine/training.json', 'utf8')) as Fixture;
const executor = ortExecutor('cpu', 1);
const batch = (step: number) => fixture.batches[step - 1]!.map(({ prompt, completion }, index) => ({
  index, prompt: Int32Array.from(prompt), completion: Int32Array.from(completion),
}));
/** A hundredth of what is promised: rounding leaves about a millionth, and weight decay alone moves a weight by a ten-thousandth. */
const TOLERANCE = 1e-5;
const relative = (found: number, wanted: number): number => Math.abs(found - wanted) / Math.max(Math.abs(wanted), 1e-3);

it.each(fixture.cases)('ten steps of AdamW are PyTorch\'s: $name', async (wanted) => {
  const isTaught = wanted.objective !== 'cross_entropy';
  const { method } = resolveMethod({
    preset: isTaught ? 'gkd' : 'sft', ...(isTaught && { lambda: 0, divergence: wanted.objective }), beta: wanted.beta ?? 0.5, normalizeBeta: wanted.normalizeBeta ?? false,
    lossTemperature: wanted.temperature ?? 1, reduction: wanted.reduction,
  });
  const { config, weights } = await loadFixture(`${MODELS}/${wanted.student}`);
  const { student, optimizer, train } = tinyStudent(executor, config, weights, { method, sharedVocabulary: wanted.shared, chunk: 16 }, {
    ...fixture.train, batchSize: 6, schedule: 'linear',
  });
  const teacher = isTaught ? await loadFixture(`${MODELS}/${wanted.teacher}`) : null;
  const trainer = new Trainer({
    student, optimizer, rollouts: null, data: { count: 60, batch: (step) => dataExamples(batch(step)) },
    teacher: teacher && new FrozenModel(executor, buildDecoder(teacher.config), teacher.weights),
  }, { seed: 0, steps: fixture.steps, microBatchSize: 4, sharedVocabulary: wanted.shared, method, train });
  for (let step = 1; step <= fixture.steps; step++) {
    const { metrics } = await trainer.step(step);
    expect(relative(metrics.loss, wanted.losses[step - 1]!), `loss of step ${step}`).toBeLessThan(TOLERANCE);
    expect(relative(metrics.gradientNorm, wanted.norms[step - 1]!), `gradient norm of step ${step}`).toBeLessThan(TOLERANCE);
  }
  for (const [name, values] of Object.entries(wanted.weights)) {
    const found = optimizer.weights(name);
    const scale = Math.hypot(...values);
    expect(Math.hypot(...values.map((value, at) => value - found[at]!)), name).toBeLessThan(TOLERANCE * scale);
  }
  await trainer.release();
});

it('every preset with a teacher can name each divergence that was compared', () => {
  const compared = new Set(fixture.cases.map(({ objective }) => objective));
  for (const { fixed, defaults } of Object.values(PRESET_TABLE)) {
    const divergence = fixed.divergence ?? defaults.divergence;
    if (divergence) expect(compared).toContain(divergence);
  }
});
