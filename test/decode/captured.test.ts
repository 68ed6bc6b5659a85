import { describe, expect, it, vi } from 'vitest';
import { choiceOf } from '../../src-main/decode/choose.ts';
import { minP, repetitionPenalty, topK, topP } from '../../src-main/decode/processors.ts';
import type { Sampling } from '../../src-main/decode/sampling.ts';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import type { Completion, Prompt } from '../../src-main/decode/writing.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { nativeExecutor, standInExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import type { Executor, Program, ProgramOptions } from '../../src-main/runtime/program.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { requires } from '../support/requires.ts';
import { randomWeights, tinyGpt2, tinyLlama, tinyT5 } from '../support/tiny-models.ts';

const NEW = 48;
const PROMPTS: readonly Prompt[] = [[1, 2, 3], [4, 5], [6, 7, 8, 9, 10, 11], [12], [7, 7, 7, 3]].map((ids, id) => ({ id, tokens: Int32Array.from(ids) }));
const uniform = (prompt: number, step: number): number => ((prompt * 7919 + step * 104729 + 5) % 65521) / 65521;
const SAMPLINGS: readonly (readonly [string, Sampling])[] = [
  ['greedy with a penalty on repetition', { strategy: 'greedy', processors: [repetitionPenalty(1.4)] }],
  ['samples', { strategy: 'sample', temperature: 1, uniform }],
  ['all rules at once', { strategy: 'sample', temperature: 0.8, uniform, processors: [repetitionPenalty(1.2), topK(20), topP(0.9), minP(0.02)] }],
];

/** An executor that counts what it was asked to capture; or that refuses it. */
function counting(executor: Executor, how: 'counts' | 'refuses' | 'fails'): Executor & { captured: number } {
  return Object.create(executor, {
    captured: { value: 0, writable: true },
    compile: { async value(this: { captured: number }, graph: Parameters<Executor['compile']>[0], options: ProgramOptions = {}): Promise<Program> {
      if (!options.captured) return executor.compile(graph, options);
      this.captured += 1;
      if (how === 'refuses') throw new Error('a node has no kernel here');
      const program = await executor.compile(graph, options);
      if (how === 'counts') return program;
      return Object.assign(Object.create(program) as Program, { bind: (...parts: Parameters<Program['bind']>) => (
        { run: async () => { await program.bind(...parts).run(); throw new Error('what was recorded cannot be repeated'); }, release: () => undefined }) });
    } },
  }) as Executor & { captured: number };
}

async function write(executor: Executor, config: ModelConfig, sampling: Sampling, eos: readonly number[] = []): Promise<Completion[]> {
  const weights = randomWeights(config, 11);
  const open = await new TextPlan(executor, buildDecoder(config), weights, { vocabulary: config.vocabSize, maxLength: 64, choice: choiceOf(sampling) }).open();
  try {
    return await open.write(PROMPTS, { maxNewTokens: NEW, eos: new Set(eos), sampling });
  } finally {
    await open.release();
  }
}

/** What is captured writes what is not. @param step  of the first text, whose token ends texts, so that the rest move together */
async function expectSame(executor: Executor, config: ModelConfig, sampling: Sampling): Promise<void> {
  const plain = Object.create(executor, { captures: { value: false } }) as Executor;
  const held = executor.memory!.bytes;
  const [first] = await write(plain, config, sampling);
  for (const eos of [[], [first!.tokens[9]!]]) {
    const counted = counting(executor, 'counts');
    expect(await write(counted, config, sampling, eos)).toEqual(await write(plain, config, sampling, eos));
    if (eos.length === 0) expect(counted.captured).toBe(1);
  }
  expect(executor.memory!.bytes).toBe(held);
}

const MODELS: readonly (readonly [string, () => ModelConfig | Promise<ModelConfig>])[] = [
  ['llama', () => tinyLlama({ headDim: 8, qkNorm: true, windows: [4, null], tiedEmbeddings: false })], ['gpt2', () => tinyGpt2()], ['t5', () => tinyT5()],
  ['layers that remember by convolutions', async () => (await loadFixture('test/fixtures/engine/families/lfm2')).config],
];

describe.each(MODELS)('a step that is captured, %s', (_, config) => {
  it.each(SAMPLINGS)('%s: the texts of steps that are not', async (_name, sampling) => expectSame(standInExecutor(1), await config(), sampling));
});

it.each(['refuses', 'fails'] as const)('a device that %s to capture writes as before, and is not asked again', async (how) => {
  const [config, [, sampling]] = [tinyLlama(), SAMPLINGS[2]!];
  const executor = standInExecutor(1);
  const refusing = counting(executor, how);
  expect(await write(refusing, config, sampling)).toEqual(await write(Object.create(executor, { captures: { value: false } }) as Executor, config, sampling));
  expect(refusing.captured).toBe(1);
  expect(executor.memory!.bytes).toBe(0);
});

it('what is captured is bound once, and to a device alone', async () => {
  const { graph } = await (await import('../support/walk.ts')).walk(standInExecutor(1));
  const executor = standInExecutor(1);
  const program = await executor.compile(graph, { captured: true });
  const places = Object.fromEntries([...graph.inputs, ...graph.outputs].map(({ name, dtype, shape }) => [name, executor.memory!.make(dtype, shape as number[])]));
  const [given, results] = [graph.inputs, graph.outputs].map((ports) => Object.fromEntries(ports.map(({ name }) => [name, places[name]!]))) as [typeof places, typeof places];
  const [some] = graph.inputs;
  expect(() => program.bind({ ...given, [some!.name]: executor.memory!.read(places[some!.name]!) }, results)).toThrow('is a tensor of the host, for a program that is captured');
  program.bind(given, results).release();
  expect(() => program.bind(given, results)).toThrow('is bound once');
});

requires('vulkan')('on WebGPU', () => {
  it.each(MODELS)('%s: steps that are captured write what others do', async (_, config) => {
    const [executor, model, [, sampling]] = [nativeExecutor(1, 'webgpu'), await config(), SAMPLINGS[2]!];
    const held = executor.memory!.bytes;
    const counted = counting(executor, 'counts');
    expect(await write(counted, model, sampling)).toEqual(await write(Object.create(executor, { captures: { value: false } }) as Executor, model, sampling));
    expect(counted.captured).toBe(1);
    expect(executor.memory!.bytes).toBe(held);
  }, 900_000);
});

it('a step that a device has no room to capture is computed as before, and leaves nothing there', async () => {
  const executor = standInExecutor(1);
  const memory = executor.memory!;
  const make = memory.make.bind(memory);
  const standInCompile = executor.compile.bind(executor);
  // What convolutions have seen is put aside while the first runs are made, in several tensors.
  const { config } = await loadFixture('test/fixtures/engine/families/lfm2');
  const wanted = await write(executor, config, { strategy: 'greedy' });
  for (let most = 0, isCaptured = false; !isCaptured; most++) {
    let left = Infinity;
    const compile = vi.spyOn(executor, 'compile').mockImplementation((graph, options) => {
      if (options?.captured) left = most;
      return standInCompile(graph, options);
    });
    const full = vi.spyOn(memory, 'make').mockImplementation((dtype, shape) => {
      if (left-- <= 0) {
        left = Infinity;
        isCaptured = false;
        throw new Error('no room');
      }
      return make(dtype, shape);
    });
    isCaptured = true;
    expect(await write(executor, config, { strategy: 'greedy' })).toEqual(wanted);
    expect([most, memory.bytes]).toEqual([most, 0]);
    compile.mockRestore();
    full.mockRestore();
  }
});
