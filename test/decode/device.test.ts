import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../src-main/contract/problem.ts';
import { choiceOf } from '../../src-main/decode/choose.ts';
import type { Completion, Prompt } from '../../src-main/decode/writing.ts';
import { minP, repetitionPenalty, topK, topP } from '../../src-main/decode/processors.ts';
import type { Sampling } from '../../src-main/decode/sampling.ts';
import { TextPlan, type TextWriter } from '../../src-main/decode/text-writer.ts';
import { openWeights, openWholeModel } from '../../src-main/model/load-model.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { nativeExecutor, standInExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import type { Weights } from '../../src-main/runtime/weights.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { requires } from '../support/requires.ts';
import { randomWeights, tinyGpt2, tinyLlama, tinyT5 } from '../support/tiny-models.ts';

const host = nativeExecutor(1);
const standIn = standInExecutor(1);
const cuda = standInExecutor(1, 'cuda');

const PROMPTS: readonly Prompt[] = [[1, 2, 3], [4, 5], [6, 7, 8, 9, 10, 11], [12], [7, 7, 7, 3]].map((ids, id) => ({ id, tokens: Int32Array.from(ids) }));
const ENDS = [5, 9, 17, 30, 41];
const uniform = (prompt: number, step: number): number => ((prompt * 7919 + step * 104729 + 5) % 65521) / 65521;
const sample = (...processors: NonNullable<Sampling['processors']>): Sampling => ({ strategy: 'sample', temperature: 0.8, uniform, processors });

const SAMPLINGS: readonly (readonly [string, Sampling])[] = [
  ['greedy', { strategy: 'greedy' }],
  ['greedy with a penalty on repetition', { strategy: 'greedy', processors: [repetitionPenalty(1.4)] }],
  ['samples', sample()],
  ['top-k', sample(topK(5))],
  ['top-p', sample(topP(0.7))],
  ['min-p', sample(minP(0.1))],
  ['all rules at once', sample(repetitionPenalty(1.2), topK(20), topP(0.9), minP(0.02))],
  ['a processor that no graph knows', sample((logits) => { logits[7] = -Infinity; })],
];

async function writer(executor: Executor, config: ModelConfig, weights: Weights, sampling: Sampling): Promise<TextWriter> {
  return new TextPlan(executor, buildDecoder(config), weights, { vocabulary: config.vocabSize, maxLength: 48, choice: choiceOf(sampling) }).open();
}

async function write(executor: Executor, config: ModelConfig, sampling: Sampling, changes: { eos?: number[]; prompts?: readonly Prompt[] } = {}): Promise<Completion[]> {
  const open = await writer(executor, config, randomWeights(config, 11), sampling);
  const texts = await open.write(changes.prompts ?? PROMPTS, { maxNewTokens: 21, eos: new Set(changes.eos ?? ENDS), sampling });
  await open.release();
  return texts;
}

const llama = tinyLlama({ headDim: 8, qkNorm: true, windows: [4, null], tiedEmbeddings: false });
const MODELS: readonly (readonly [string, ModelConfig])[] = [['llama', llama], ['gpt2', tinyGpt2()], ['t5', tinyT5()]];

describe.each(MODELS)('writing on a device: %s', (_, config) => {
  it.each(SAMPLINGS)('%s: the tokens of the host', async (_name, sampling) => {
    const held = standIn.memory!.bytes;
    const [first, second, third] = await write(host, config, sampling, { eos: [] });
    // Texts that end at different steps, and one that does not have to.
    const eos = [first!.tokens[2]!, second!.tokens[11]!, third!.tokens[12]!];
    const wanted = await write(host, config, sampling, { eos });
    expect(new Set(wanted.map(({ tokens }) => tokens.length)).size).toBeGreaterThan(1);
    expect(await write(standIn, config, sampling, { eos })).toEqual(wanted);
    expect(standIn.memory!.bytes).toBe(held);
  });
});

const beam = (changes: Partial<Extract<Sampling, { strategy: 'beam' }>> = {}): Sampling => ({ strategy: 'beam', beams: 3, lengthPenalty: 1, earlyStopping: 'likely', ...changes });
const BEAMS: readonly (readonly [string, Sampling])[] = [
  ['beams', beam()],
  ['beams with a penalty on repetition, to the last', beam({ processors: [repetitionPenalty(1.3)], lengthPenalty: 2, earlyStopping: 'never' })],
  ['beams with a processor that no graph knows', beam({ processors: [(logprobs) => { logprobs[7] = -Infinity; }] })],
];

describe.each(MODELS)('writing on a device without ONNX Runtime\'s cached attention, as CUDA in float32: %s', (_, config) => {
  const named = (name: string): Sampling => [...SAMPLINGS, ...BEAMS].find(([known]) => known === name)![1];

  it.each(['greedy', 'all rules at once', 'a processor that no graph knows', 'beams'])('%s: the tokens of the host', async (name) => {
    const held = cuda.memory!.bytes;
    const [first, second] = await write(host, config, named(name), { eos: [] });
    const eos = [first!.tokens[2]!, second!.tokens[11]!];
    expect(await write(cuda, config, named(name), { eos })).toEqual(await write(host, config, named(name), { eos }));
    expect(cuda.memory!.bytes).toBe(held);
  });
});

describe.each(MODELS)('beams on a device: %s', (_, config) => {
  it.each(BEAMS)('%s: the texts of the host', async (_name, sampling) => {
    const held = standIn.memory!.bytes;
    const [first] = await write(host, config, sampling, { eos: [] });
    const eos = [first!.tokens[4]!, 9];
    expect(await write(standIn, config, sampling, { eos })).toEqual(await write(host, config, sampling, { eos }));
    expect(standIn.memory!.bytes).toBe(held);
  });
});

requires('vulkan')('on WebGPU', () => {
  const named = (...names: string[]): readonly (readonly [string, Sampling])[] => [...SAMPLINGS, ...BEAMS].filter(([name]) => names.includes(name));

  it.each<[string, ModelConfig, readonly (readonly [string, Sampling])[]]>([
    ['llama', llama, named('greedy', 'all rules at once', 'beams')], ['gpt2', tinyGpt2(), named('samples')], ['t5', tinyT5(), named('greedy', 'beams')],
  ])('the tokens of the host: %s', async (_, config, samplings) => {
    const device = nativeExecutor(1, 'webgpu');
    const held = device.memory!.bytes;
    for (const [name, sampling] of samplings) expect(await write(device, config, sampling), name).toEqual(await write(host, config, sampling));
    expect(device.memory!.bytes).toBe(held);
  });
});

/** The same device without steps that are captured. */
const uncaptured = Object.create(standIn, { captures: { value: false } }) as Executor;

/** Bytes that go between host and device while texts are written. */
async function crossed(config: ModelConfig, sampling: Sampling, prompts: readonly Prompt[], maxNewTokens: number, executor = uncaptured): Promise<number> {
  const open = await writer(executor, config, randomWeights(config, 11), sampling);
  // Weights are brought once, with the first text.
  await open.write(prompts, { maxNewTokens, eos: new Set(), sampling });
  const { toDevice, toHost } = standIn.memory!.crossed;
  await open.write(prompts, { maxNewTokens, eos: new Set(), sampling });
  await open.release();
  return standIn.memory!.crossed.toDevice - toDevice + standIn.memory!.crossed.toHost - toHost;
}

describe('what crosses for a token', () => {
  const large = tinyLlama({ vocabSize: 301, hiddenSize: 48, layers: 4, heads: 8, kvHeads: 4, headDim: 16, intermediateSize: 96, windows: [null, null, null, null] });

  it.each([...SAMPLINGS.slice(0, -1), ...BEAMS.slice(0, -1)])('%s: as much whatever the model\'s size and the text\'s length', async (_, sampling) => {
    // The 8 tokens after the first 8, and after the first 24.
    const of = async (config: ModelConfig, prompts: readonly Prompt[], before: number, executor?: Executor): Promise<number> => (
      await crossed(config, sampling, prompts, before + 8, executor) - await crossed(config, sampling, prompts, before, executor)) / (8 * prompts.length);
    const prompts = PROMPTS.slice(0, 2);
    const long = prompts.map(({ id }) => ({ id, tokens: Int32Array.from({ length: 12 }, (_unused, at) => at + 1) }));
    const small = await of(llama, prompts, 8);
    const beams = sampling.strategy === 'beam' ? sampling.beams : 0;
    expect(small / Math.max(1, beams)).toBeLessThan(100);
    // Where beams change places, each one's is told.
    for (const other of [await of(large, prompts, 8), await of(llama, long, 8), await of(llama, prompts, 24)]) expect(Math.abs(other - small)).toBeLessThanOrEqual(4 * beams);
    // A step that is captured needs no more of the host: where its rows are told is said once.
    if (beams === 0) expect(await of(llama, prompts, 32, standIn)).toBeLessThan(small);
  });
});

it('holds as much after fifty texts as before', async () => {
  const sampling = sample(repetitionPenalty(1.2), topK(20));
  const open = await writer(standIn, llama, randomWeights(llama, 11), sampling);
  const some = { maxNewTokens: 11, eos: new Set(ENDS), sampling };
  await open.write(PROMPTS, some);
  await open.write(PROMPTS, { ...some, sampling: beam() });
  const held = standIn.memory!.bytes;
  for (let round = 0; round < 5; round++) {
    await open.write(PROMPTS, some);
    await open.write(PROMPTS, { ...some, sampling: beam() });
  }
  expect(standIn.memory!.bytes).toBe(held);
  await open.release();
});

describe('a device that fails', () => {
  const sampling: Sampling = { strategy: 'greedy' };
  const weights = randomWeights(llama, 11);
  const lost = new Problem('The device "webgpu" was lost.');

  it('is told where it cannot be used', () => {
    const away: Executor = { ...standIn, get memory(): never { throw lost; } };
    expect(() => new TextPlan(away, buildDecoder(llama), weights, { vocabulary: 53, maxLength: 48, choice: 'greedy' })).toThrow(lost);
  });

  it('is told in the middle of a text, and keeps nothing of it', async () => {
    let runs = 0;
    const failing: Executor = {
      ...standIn,
      compile: async (graph, options) => {
        const program = await standIn.compile(graph, options);
        return { ...program, graph, release: () => program.release(), bind: (inputs, outputs) => {
          const bound = program.bind(inputs, outputs);
          return { release: () => { bound.release(); }, run: () => (++runs > 6 ? Promise.reject(lost) : bound.run()) };
        } };
      },
    };
    const open = await writer(failing, llama, weights, sampling);
    await open.write(PROMPTS, { maxNewTokens: 2, eos: new Set(), sampling });
    const held = standIn.memory!.bytes;
    await expect(open.write(PROMPTS, { maxNewTokens: 21, eos: new Set(), sampling })).rejects.toBe(lost);
    expect(standIn.memory!.bytes).toBe(held);
    await open.release();
  });
});

const FAMILIES = readdirSync('test/fixtures/engine/families').map((name) => `test/fixtures/engine/families/${name}`);

it.each(FAMILIES)('writes on a device what it writes on the host: %s', async (folder) => {
  const { config, weights } = await loadFixture(folder);
  for (const sampling of [{ strategy: 'greedy' }, sample()] satisfies Sampling[]) {
    const texts = async (executor: Executor): Promise<Completion[]> => {
      const open = await writer(executor, config, weights, sampling);
      const written = await open.write(PROMPTS, { maxNewTokens: 21, eos: new Set([9]), sampling });
      await open.release();
      return written;
    };
    const wanted = await texts(host);
    expect(await texts(standIn)).toEqual(wanted);
    expect(await texts(cuda)).toEqual(wanted);
  }
});

it.each(['fp16', 'int8', 'int4'] as const)('writes with weights in %s as the host does', async (precision) => {
  const model = await openWholeModel('resources/sample/student');
  const texts = async (executor: Executor): Promise<Completion[]> => {
    const { decoder, weights, release } = await openWeights(model, executor, { precision });
    // As constants, and by its own operators, the host would round what it multiplies them with to 8 bits.
    const settings = { vocabulary: model.decoder.vocabSize, maxLength: 48, choice: 'sample', changing: new Set(Object.keys(weights)) } as const;
    const open = await new TextPlan(executor, decoder, weights, settings).open();
    const written = await open.write(PROMPTS, { maxNewTokens: 21, eos: new Set(), sampling: sample() });
    await open.release();
    release();
    return written;
  };
  expect(await texts(standIn)).toEqual(await texts({ ...host, dialect: standIn.dialect, readsStored: false, signsBytes: false }));
});
