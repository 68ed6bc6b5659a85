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

async function measure(spec: DivergenceSpec): Promise<{ value: number[]; gradient: number[] }> {
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
    student: float32(Float32Array.from(student), [ROWS, WIDTH]), teacher: float32(Float32Array.from(teacher), [ROWS, WIDTH]),
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
  const near = async (beta: number): Promise<number[]> => (await measure({ divergence: 'jsd', beta, normalizeBeta: true })).value;
  const [low, high] = [await near(1e-4), await near(1 - 1e-4)];
  // Rows with moderate logits: at the extremes the limit is reached later.
  for (let row = 3; row < ROWS; row++) {
    expect(low[row]! / of['forward_kl']!.exact[row]!).toBeGreaterThan(0.9);
    expect(low[row]! / of['forward_kl']!.exact[row]!).toBeLessThan(1.02);
    expect(high[row]! / of['reverse_kl']!.exact[row]!).toBeGreaterThan(0.9);
    expect(high[row]! / of['reverse_kl']!.exact[row]!).toBeLessThan(1.02);
  }
});
