import { describe, expect, it } from 'vitest';
import { layOut, modelInputs, type MicroBatch } from '../../src-main/distill/batch.ts';
import { traceTraining, type TrainGraphSpec } from '../../src-main/distill/train-graph.ts';
import { writeOnnx } from '../../src-main/graph/onnx/write.ts';
import { withHalfProducts, type MixedPrecision } from '../../src-main/graph/precision.ts';
import { matmul } from '../../src-main/graph/ops/matmul.ts';
import { Graph, topological, type Value } from '../../src-main/graph/value.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import type { Tensor } from '../../src-main/runtime/tensor.ts';
import { runGraph } from '../support/run-graph.ts';
import { randomWeights, tinyGpt2, tinyLlama, tinyT5 } from '../support/tiny-models.ts';

const FAMILIES: [string, ModelConfig][] = [['llama', tinyLlama({ qkNorm: true, windows: [null, 3] })], ['gpt2', tinyGpt2()], ['t5', tinyT5()]];
const EMULATED: Record<'float16' | 'bfloat16', MixedPrecision> = { float16: { half: 'float16', isEmulated: true }, bfloat16: { half: 'bfloat16', isEmulated: true } };

const texts = [[3, 50, 7, 11, 2, 40, 8, 21, 5], [9, 1, 4, 4, 52]].map((ids, index) => (
  { index, prompt: Int32Array.from(ids.slice(0, 2)), completion: Int32Array.from(ids.slice(2)), isOnPolicy: false }));

function traced(config: ModelConfig, precision: MixedPrecision | null): { outputs: Record<string, Value>; batch: MicroBatch; graph: Graph } {
  const decoder = buildDecoder(config);
  const [batch] = layOut(texts, 2, 'token', decoder.encoder);
  const { outputs } = traceTraining(decoder, listParameters(config), batch!.bucket, {
    divergence: 'cross_entropy', beta: 0.5, normalizeBeta: false, lossTemperature: 1, sharedVocabulary: config.vocabSize, chunk: 5,
    teacher: null, isPolicyGradient: false, recompute: false, gradients: 'alone', dialect: 'onnxruntime',
  } satisfies TrainGraphSpec);
  return { outputs: precision ? withHalfProducts(outputs, precision) : { ...outputs }, batch: batch!, graph: outputs['loss']!.graph };
}

/** The loss and every gradient as one list. @param nudge  added to the weights */
async function learn(config: ModelConfig, precision: MixedPrecision | null, nudge?: { direction: Record<string, Tensor>; size: number }): Promise<{ loss: number; gradients: Record<string, number[]> }> {
  const { outputs, batch } = traced(config, precision);
  const weights = Object.fromEntries(Object.entries(randomWeights(config, 3)).map(([name, tensor]) => [name, nudge === undefined ? tensor : {
    ...tensor, data: (tensor.data as Float32Array).map((value, at) => value + nudge.size * (nudge.direction[name]!.data as Float32Array)[at]!),
  }]));
  const results = await runGraph(outputs, { ...weights, ...modelInputs(batch), targets: batch.targets, weights: batch.weights });
  const gradients = Object.fromEntries(Object.entries(results).filter(([name]) => name.startsWith('gradient: ')).map(([name, values]) => [name.slice('gradient: '.length), values]));
  return { loss: results['loss']![0]!, gradients };
}

const flat = (gradients: Record<string, number[]>): number[] => Object.keys(gradients).sort().flatMap((name) => gradients[name]!);
const length = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

describe('a graph with products in half precision', () => {
  it.each(['float16', 'bfloat16'] as const)('rounds factors and result of a product to %s', async (half) => {
    const graph = new Graph();
    const outputs = withHalfProducts({ y: matmul(graph.input('a', 'float32', [1, 1]), graph.input('b', 'float32', [1, 1]), { alpha: 0.5 }) }, EMULATED[half]);
    const of = (value: number): Tensor => ({ dtype: 'float32', shape: [1, 1], data: Float32Array.of(value) });
    // 11 bits of float16, 8 of bfloat16: what lies beyond is gone before the product, and again behind it.
    const [a, b] = [2 * (1 + 2 ** -12), 3];
    expect((await runGraph(outputs, { a: of(a), b: of(b) }))['y']).toEqual([3]);
    const kept = half === 'float16' ? 1 + 2 ** -10 : 1 + 2 ** -7;
    expect((await runGraph(outputs, { a: of(2 * kept), b: of(1) }))['y']).toEqual([kept]);
  });

  it.each(FAMILIES)('has nothing else in it: %s', (_, config) => {
    for (const isEmulated of [false, true]) {
      const { outputs } = traced(config, { half: 'float16', isEmulated });
      const { nodes, sources } = topological(Object.values(outputs));
      const halves = new Set(nodes.filter(({ inputs, outputs: made }) => [...inputs, ...made].some(({ dtype }) => dtype === 'float16')).map(({ operator }) => operator.name));
      expect([...halves].sort()).toEqual(isEmulated ? ['cast', 'hold'] : ['cast', 'matmul']);
      if (!isEmulated) expect(nodes.filter(({ operator, inputs }) => operator.name === 'matmul' && inputs[0]!.dtype === 'float32')).toEqual([]);
      expect(sources.every(({ dtype }) => dtype !== 'float16')).toBe(true);
      expect(Object.entries(outputs).filter(([, { dtype }]) => dtype === 'float16')).toEqual([]);
    }
  });

  it('rounds a value once for all products that read it', () => {
    const { outputs } = traced(tinyLlama(), { half: 'float16', isEmulated: false });
    const casts = topological(Object.values(outputs)).nodes.filter(({ operator, outputs: [made] }) => operator.name === 'cast' && made!.dtype === 'float16');
    expect(new Set(casts.map(({ inputs }) => inputs[0])).size).toBe(casts.length);
  });

  // In units of a rounding, 2^-11 and 2^-8: a few dozen products add up.
  it.each(FAMILIES.flatMap(([name, config]) => (['float16', 'bfloat16'] as const).map((half) => [name, half, config] as const)))('learns what float32 learns but for rounding: %s in %s', async (_, half, config) => {
    const [whole, short] = [await learn(config, null), await learn(config, EMULATED[half])];
    const bound = 64 * (half === 'float16' ? 2 ** -11 : 2 ** -8);
    expect(short.loss).not.toBe(whole.loss);
    expect(Math.abs(short.loss - whole.loss) / whole.loss).toBeLessThan(bound);
    const [wanted, got] = [flat(whole.gradients), flat(short.gradients)];
    expect(length(got.map((value, at) => value - wanted[at]!)) / length(wanted)).toBeLessThan(bound);
  });

  it.each(FAMILIES)('has the gradient of its own loss, by finite differences: %s', async (_, config) => {
    /** How far the loss goes along its gradient beside what that promises, as far as changes it by a hundredth: much more than rounding does. */
    const kept = async (precision: MixedPrecision | null): Promise<number> => {
      const { loss, gradients } = await learn(config, precision);
      const steep = length(flat(gradients));
      const direction = Object.fromEntries(Object.entries(randomWeights(config, 3)).map(([name, tensor]) => [name, { ...tensor, data: Float32Array.from(gradients[name]!, (value) => value / steep) }]));
      const size = 0.01 * loss / steep;
      const [up, down] = [await learn(config, precision, { direction, size }), await learn(config, precision, { direction, size: -size })];
      return (up.loss - down.loss) / (2 * size) / steep;
    };
    // A loss that curves keeps no promise wholly, in float32 neither.
    expect(Math.abs(await kept(EMULATED.float16) / await kept(null) - 1)).toBeLessThan(0.05);
  });

  it('runs in float16 itself, where ONNX Runtime lengthens what its processor lacks', async () => {
    const { outputs, batch } = traced(tinyLlama(), { half: 'float16', isEmulated: false });
    const program = await ortExecutor('cpu', 1).compile(writeOnnx(outputs, { weights: 'inputs', dialect: 'onnxruntime' }), { optimize: 'none' });
    const { loss } = await program.run({ ...randomWeights(tinyLlama(), 3), ...modelInputs(batch), targets: batch.targets, weights: batch.weights });
    await program.release();
    expect(Number(loss!.data[0]) / (await learn(tinyLlama(), null)).loss).toBeCloseTo(1, 2);
  });
});
