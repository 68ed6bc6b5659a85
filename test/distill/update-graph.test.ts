import { describe, expect, it } from 'vitest';
import { clipScale } from '../../src-main/distill/optimizers/clip.ts';
import { flatRuleOf } from '../../src-main/distill/optimizers/flat/rules.ts';
import { copyOf, newOf, oldOf, sumOfSquares, updateGraph, type Trained, type UpdateGraph } from '../../src-main/distill/optimizers/flat/update-graph.ts';
import { Optimizer } from '../../src-main/distill/optimizers/optimizer.ts';
import { ruleOf } from '../../src-main/distill/optimizers/rules.ts';
import { gradientOut } from '../../src-main/distill/train-graph.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { rowsOf } from '../../src-main/nn/weights/rows.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { tfjsExecutor } from '../../src-main/runtime/tfjs/executor.ts';
import { float32, type Tensor } from '../../src-main/runtime/tensor.ts';
import { expectClose } from '../support/close.ts';
import { requires } from '../support/requires.ts';
import { noise, runGraph } from '../support/run-graph.ts';
import { strictWebgpu } from '../support/strict-webgpu.ts';
import { TRAIN } from '../support/tiny-student.ts';

const PARAMETERS = [['embedding', 60, 8], ['a.weight', 8, 16], ['b.weight', 8, 16], ['a.bias', 16], ['norm.weight', 8], ['conv.weight', 6, 1, 4]].map(([name, ...shape]) => (
  { name: name as string, shape: shape as number[] }));
const CHANGES = { clipNorm: 1, weightDecay: 0.1, scaleParameter: true };
const RATE = 1e-2;
/** Elements of a tensor: the embedding lies in four parts. */
const MOST = 128;

/** A step's gradients; the third brings one that is no number. */
const gradient = (shape: readonly number[], step: number, at: number): Float32Array => {
  const data = (noise(shape, 100 * step + at).data as Float32Array).map((value) => value / (at + 1));
  if (step === 3 && at === 1) data[5] = NaN;
  return data;
};

interface Held { buffers: Map<string, Float32Array>; copies: Map<string, Float32Array>; norms: number[]; skipped: number[] }

async function onDevice(optimizer: 'adamw' | 'adafactor', executor: Executor, steps: number): Promise<Held & { graph: UpdateGraph }> {
  const trained: Trained[] = PARAMETERS.map((parameter) => ({ parameter, parts: rowsOf(parameter, MOST) }));
  const rule = flatRuleOf({ ...TRAIN, ...CHANGES, optimizer });
  const graph = updateGraph(trained, rule, { copies: 'float32', dialect: executor.dialect });
  const program = await executor.compile(graph.onnx, { optimize: 'none' });
  const buffers = new Map([...graph.weights, ...graph.state].map(({ name, length }) => [name, new Float32Array(length)]));
  const initial = new Map(trained.flatMap(({ parameter, parts }, at) => parts.map((part) => [part.name, partOf(noise(parameter.shape, at).data as Float32Array, parameter.shape, part)] as const)));
  for (const { name, places } of graph.weights) for (const place of places) buffers.get(name)!.set(initial.get(place.name)!, place.offset);
  const held: Held = { buffers, copies: new Map(), norms: [], skipped: [] };
  for (let step = 1, done = 0; step <= steps; step++) {
    const inputs: Record<string, Tensor> = { lossScale: float32(Float32Array.of(8), []), clipNorm: float32(Float32Array.of(CHANGES.clipNorm), []) };
    for (const [name, value] of Object.entries(rule.scalars(done + 1, RATE))) inputs[name] = float32(Float32Array.of(value), []);
    for (const [name, data] of buffers) inputs[oldOf(name)] = float32(data, [data.length]);
    trained.forEach(({ parameter, parts }, at) => {
      const whole = gradient(parameter.shape, step, at).map((value) => 8 * value);
      for (const part of parts) inputs[gradientOut(part.name)] = float32(partOf(whole, parameter.shape, part), part.shape);
    });
    // Outputs take the place of inputs.
    const into = Object.fromEntries([...buffers].map(([name, data]) => [newOf(name), float32(data, [data.length])]));
    const outputs = await program.run(inputs, into);
    held.norms.push((outputs['norm']!.data as Float32Array)[0]!);
    held.skipped.push((outputs['skipped']!.data as Float32Array)[0]!);
    if (held.skipped.at(-1) === 0) done++;
    held.copies = new Map(trained.flatMap(({ parts }) => parts.map((part) => [part.name, (outputs[copyOf(part.name)]!.data as Float32Array).slice()] as const)));
  }
  await program.release();
  return { ...held, graph };
}

const partOf = (whole: Float32Array, shape: readonly number[], part: { start: number; shape: readonly number[] }): Float32Array => {
  const width = whole.length / shape[0]!;
  return whole.slice(part.start * width, (part.start + part.shape[0]!) * width);
};

/** The same by the kernel, which is not asked in a step whose gradients are no numbers. */
function onHost(optimizer: 'adamw' | 'adafactor', steps: number): { owner: Optimizer; norms: number[] } {
  const owner = new Optimizer(PARAMETERS, ruleOf({ ...TRAIN, ...CHANGES, optimizer }), { elements: MOST });
  const parts = PARAMETERS.flatMap((parameter, at) => rowsOf(parameter, MOST).map((part) => ({ parameter, at, part })));
  for (const { parameter, at, part } of parts) owner.weights(part.name).set(partOf(noise(parameter.shape, at).data as Float32Array, parameter.shape, part));
  const norms: number[] = [];
  for (let step = 1, done = 0; step <= steps; step++) {
    for (const { parameter, at, part } of parts) owner.gradients(part.name).set(partOf(gradient(parameter.shape, step, at), parameter.shape, part));
    const norm = owner.gradientNorm();
    norms.push(norm);
    if (Number.isFinite(norm)) owner.update({ step: ++done, learningRate: RATE, gradientScale: clipScale(norm, CHANGES.clipNorm) });
    else owner.clearGradients();
  }
  return { owner, norms };
}

async function expectSame(optimizer: 'adamw' | 'adafactor', executor: Executor): Promise<void> {
  const steps = 6;
  const [found, { owner, norms }] = [await onDevice(optimizer, executor, steps), onHost(optimizer, steps)];
  expect(found.skipped).toEqual([0, 0, 1, 0, 0, 0]);
  expectClose(found.norms.filter((_, at) => at !== 2), norms.filter((_, at) => at !== 2), 1e-6);
  for (const { name } of owner.tensors) expectClose(found.copies.get(name)!, owner.weights(name), 2e-6, { name });
  const saved = new Map(owner.state().map((tensor) => [tensor.name, tensor]));
  const places = found.graph.state.flatMap(({ name, places: of }) => of.map((place) => ({ buffer: name, ...place })));
  expect(places.map(({ name }) => name).sort()).toEqual([...saved.keys()].sort());
  for (const { buffer, name, shape, offset } of places) {
    const wanted = saved.get(name)!;
    expect(shape, name).toEqual(wanted.shape);
    expectClose(found.buffers.get(buffer)!.subarray(offset, offset + wanted.data.length), wanted.data, 5e-6, { name });
  }
}

describe.each(['adamw', 'adafactor'] as const)('%s as a graph', (optimizer) => {
  it('clips, updates and remembers what the kernel does, and leaves everything as it is where a gradient is no number', async () => {
    await expectSame(optimizer, ortExecutor('cpu', 1));
  });

  it('changes no bit in a step that is skipped', async () => {
    const [two, three] = [await onDevice(optimizer, ortExecutor('cpu', 1), 2), await onDevice(optimizer, ortExecutor('cpu', 1), 3)];
    expect(three.buffers).toEqual(two.buffers);
    expect(three.copies).toEqual(two.copies);
    expect(Number.isFinite(three.norms[2])).toBe(false);
  });

  requires('vulkan')('on WebGPU alone', () => {
    it('does the same', async () => { await expectSame(optimizer, strictWebgpu()); });
  });

  requires('tfjs')('on TensorFlow.js', () => {
    it('does the same', async () => { await expectSame(optimizer, tfjsExecutor(1)); });
  });
});

it('a sum over millions of squares keeps its digits', async () => {
  const length = 3_000_017;
  const x = float32(new Float32Array(length).fill(0.1), [length]);
  const { total } = await runGraph({ total: sumOfSquares(new Graph().input('x', 'float32', [length])) }, { x });
  expectClose(total!, [length * Math.fround(0.1) ** 2], 1e-5);
});
