import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { divergence, type DivergenceSpec } from '../../src-main/distill/divergences.ts';
import { gradients } from '../../src-main/graph/gradient.ts';
import { reshape } from '../../src-main/graph/ops/layout.ts';
import { sum } from '../../src-main/graph/ops/reduce.ts';
import { logSoftmax } from '../../src-main/graph/ops/softmax.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { float32, int32 } from '../../src-main/runtime/tensor.ts';
import { runGraph } from '../support/run-graph.ts';

interface Fixture { student: number[]; teacher: number[]; of: Record<string, { trl: number[] | null; exact: number[]; gradient: number[] }> }
const { student, teacher, of } = JSON.parse(readFileSync('test/fixtures/engine/divergences.json', 'utf8')) as Fixture;
const [ROWS, WIDTH] = [12, 37];

const SPECS: [string, DivergenceSpec][] = [
  ...(['forward_kl', 'reverse_kl', 'tvd'] as const).map((name): [string, DivergenceSpec] => [name, { divergence: name, beta: 0.5, normalizeBeta: false }]),
  ...[0.1, 0.5, 0.9].map((beta): [string, DivergenceSpec] => [`jsd ${beta}`, { divergence: 'jsd', beta, normalizeBeta: false }]),
];

async function measure(spec: DivergenceSpec, scale = 1): Promise<{ value: number[]; gradient: number[] }> {
  const graph = new Graph();
  const studentLogits = graph.input('student', 'float32', [ROWS, WIDTH]);
  const value = divergence(spec, {
    studentLogits,
    logStudent: logSoftmax(studentLogits),
    logTeacher: logSoftmax(graph.input('teacher', 'float32', [ROWS, WIDTH])),
    targets: graph.input('targets', 'int32', [ROWS]),
  });
  const [gradient] = gradients(new Map([[sum(value), graph.scalar(1)]]), [studentLogits]);
  const { value: values, gradient: slopes } = await runGraph({ value: reshape(value, [ROWS]), gradient: gradient! }, {
    student: float32(Float32Array.from(student, (logit) => scale * logit), [ROWS, WIDTH]),
    teacher: float32(Float32Array.from(teacher, (logit) => scale * logit), [ROWS, WIDTH]),
    ...(spec.divergence === 'cross_entropy' ? { targets: int32(new Int32Array(ROWS), [ROWS]) } : {}),
  });
  return { value: values!, gradient: slopes! };
}

it.each(SPECS)('%s is TRL\'s generalized_jsd_loss and its gradient the exact one, within 1e-5', async (name, spec) => {
  const { trl, exact, gradient } = of[name]!;
  const found = await measure(spec);
  found.value.forEach((value, row) => {
    expect(Math.abs(value - exact[row]!)).toBeLessThan(1e-5 * Math.max(1, exact[row]!));
    if (trl) expect(Math.abs(value - trl[row]!)).toBeLessThan(1e-5 * Math.max(1, trl[row]!));
  });
  found.gradient.forEach((slope, at) => expect(Math.abs(slope - gradient[at]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(gradient[at]!))));
});

it('normalized, jsd tends to the KL divergences at both ends', async () => {
  // Where one model gives a token up to 1 / beta times the other's probability the limit is not reached yet: small logits.
  const of = async (divergence: DivergenceSpec['divergence'], beta: number): Promise<number[]> => (
    (await measure({ divergence, beta, normalizeBeta: true }, 0.2)).value);
  const [low, forward] = [await of('jsd', 1e-4), await of('forward_kl', 0.5)];
  const [high, reverse] = [await of('jsd', 1 - 1e-4), await of('reverse_kl', 0.5)];
  for (let row = 3; row < ROWS; row++) { // before them: two peaked rows and one of equal models
    expect(low[row]! / forward[row]!).toBeCloseTo(1, 1);
    expect(high[row]! / reverse[row]!).toBeCloseTo(1, 1);
  }
});
