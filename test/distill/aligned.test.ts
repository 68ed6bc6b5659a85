import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { alignedHead } from '../../src-main/distill/aligned-head.ts';
import { packPlace, rowLayout } from '../../src-main/distill/aligned-row.ts';
import type { OutputLayer } from '../../src-main/distill/head.ts';
import { tokenLoss, type Side } from '../../src-main/distill/token-loss.ts';
import { gradients } from '../../src-main/graph/gradient.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { float32 } from '../../src-main/runtime/tensor.ts';
import type { Crossing } from '../../src-main/text/aligned/crossings.ts';
import type { Families } from '../../src-main/text/aligned/families.ts';
import { runGraph } from '../support/run-graph.ts';

interface Position { key: string | null; next: boolean; compared: boolean; following: number[]; beginning: number[]; student: number[]; value: number; slope: number[] }
interface Case { divergence: 'forward_kl' | 'reverse_kl' | 'jsd' | 'tvd'; beta: number; normalizeBeta: boolean; temperature: number; positions: Position[] }
interface Reference { student: string[]; teacher: string[]; ofStudent: number[]; ofTeacher: number[]; across: Record<string, Crossing>; whole: Record<string, number>; cases: Case[] }

const reference = JSON.parse(readFileSync(new URL('../fixtures/other-tokens/loss.json', import.meta.url), 'utf8')) as Reference;
const FAMILIES: Families = {
  shared: 5, count: 6, student: Int32Array.from(reference.ofStudent), teacher: Int32Array.from(reference.ofTeacher), sharedOfTeacher: [2, 3, 4, 0, 5],
  crossings: { ofTeacher: new Map(Object.entries(reference.across)), ofStudent: new Set(), longest: 2 },
};
/** Its hidden states are its logits. */
const WIDTH = reference.teacher.length;
const inner: OutputLayer = { hiddenSize: WIDTH, logits: (hidden) => hidden };

function rowOf({ key, next, compared, following, beginning }: Position): Float32Array {
  const layout = rowLayout(WIDTH, FAMILIES);
  const row = new Float32Array(layout.width);
  if (!compared) return row;
  const across = key === null ? null : { from: 0, whole: reference.whole[key]!, crossing: reference.across[key]! };
  packPlace(row, layout, { next: next ? 1 : null, across }, FAMILIES.count, (place) => Float32Array.from(place === 1 ? following : beginning));
  return row;
}

async function measure({ divergence, beta, normalizeBeta, temperature }: Omit<Case, 'positions'>, positions: readonly Position[], dialect: 'onnxruntime' | 'webgpu' = 'onnxruntime', chunk = 4): Promise<{ value: number[]; slope: number[][] }> {
  const graph = new Graph();
  const width = reference.student.length;
  const layer = alignedHead({ decoder: inner, weights: {} }, FAMILIES, temperature).decoder;
  const logits = graph.input('student', 'float32', [positions.length, width]);
  const teacher: Side = { hidden: graph.input('teacher', 'float32', [positions.length, layer.hiddenSize]), isUnpacked: false, logits: layer.logits, covered: layer.covered! };
  const { loss, told } = tokenLoss({
    student: { hidden: logits, isUnpacked: false, logits: (hidden) => hidden }, teacher,
    targets: graph.constant('int32', [positions.length], new Int32Array(positions.length)), weights: graph.constant('float32', [positions.length], new Float32Array(positions.length).fill(1)),
  }, { divergence, beta, normalizeBeta, lossTemperature: temperature, sharedVocabulary: width, chunk });
  const [gradient] = gradients(new Map([[loss, graph.scalar(1)]]), [logits]);
  const found = await runGraph({ divergence: told['divergence']!, covered: told['teacherCovered']!, gradient: gradient! }, {
    student: float32(Float32Array.from(positions.flatMap(({ student }) => student)), [positions.length, width]),
    teacher: float32(Float32Array.from(positions.flatMap((position) => [...rowOf(position)])), [positions.length, layer.hiddenSize]),
  }, dialect);
  for (const share of found['covered']!) expect(share > 0 && share <= 1 + 1e-6).toBe(true);
  return { value: found['divergence']!, slope: positions.map((_, at) => found['gradient']!.slice(at * width, (at + 1) * width)) };
}

describe.each(reference.cases)('$divergence, beta $beta, temperature $temperature, of a teacher with other tokens', (given) => {
  it.each(['onnxruntime', 'webgpu'] as const)('is PyTorch\'s, with its gradient (%s)', async (dialect) => {
    const found = await measure(given, given.positions, dialect);
    given.positions.forEach(({ value, slope }, at) => {
      expect(found.value[at]).toBeCloseTo(value, 5);
      slope.forEach((each, id) => { expect(found.slope[at]![id]).toBeCloseTo(each, 5); });
    });
  });

  it('has the gradient that finite differences find', async () => {
    const step = 1 / 64;
    const whole = await measure(given, given.positions);
    for (const id of reference.student.keys()) {
      const moved = async (by: number): Promise<number[]> => (await measure(given, given.positions.map((position) => ({ ...position, student: position.student.map((logit, at) => (at === id ? logit + by : logit)) })))).value;
      const [up, down] = [await moved(step), await moved(-step)];
      // The total variation has a corner where the two are alike.
      given.positions.forEach((_, at) => { expect(Math.abs((up[at]! - down[at]!) / (2 * step) - whole.slope[at]![id]!)).toBeLessThan(given.divergence === 'tvd' ? 0.02 : 2e-3); });
    }
  });

  it('does not depend on the chunks', async () => {
    const [one, all] = [await measure(given, given.positions, 'onnxruntime', 1), await measure(given, given.positions, 'onnxruntime', 100)];
    one.value.forEach((value, at) => { expect(all.value[at]).toBeCloseTo(value, 6); });
  });
});
