import { describe, expect, it } from 'vitest';
import { decodeSchema, type DecodeInput } from '../../src-main/contract/recipe.ts';
import { samplingOf, type TokenSampling } from '../../src-main/decode/sampling.ts';
import { SpeculativeWriter, type WritingModel } from '../../src-main/decode/speculative-writer.ts';
import type { Speculated } from '../../src-main/decode/speculate.ts';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import type { MixedCompletion } from '../../src-main/decode/mixed-writer.ts';
import { MixedRollouts, type MixedSettings } from '../../src-main/distill/mixed-rollouts.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { nativeExecutor, standInExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import { float32 } from '../../src-main/runtime/tensor.ts';
import type { HostWeights } from '../../src-main/runtime/weights.ts';
import { expectClose } from '../support/close.ts';
import { requires } from '../support/requires.ts';
import { randomWeights, tinyGpt2, tinyLlama, tinyT5 } from '../support/tiny-models.ts';

const host = nativeExecutor(1);
const standIn = standInExecutor(1);
const cuda = standInExecutor(1, 'cuda');

const PROMPTS = [[1, 2, 3], [4, 5], [6, 7, 8, 9, 10, 11], [12]].map((ids, id) => ({ id, tokens: Int32Array.from(ids) }));
const llama = tinyLlama({ windows: [4, null] });
const MODELS: readonly (readonly [string, ModelConfig])[] = [['llama', llama], ['gpt2', tinyGpt2()], ['t5', tinyT5()]];
const EVERYWHERE: readonly (readonly [string, Executor, typeof MODELS])[] = [['the device that stands in for one', standIn, MODELS], ['one that stands in for CUDA', cuda, MODELS.slice(0, 1)]];

/** A teacher's weights, a little off: what drafts well, but not always. */
function near(config: ModelConfig, weights: HostWeights): HostWeights {
  const off = randomWeights(config, 5, 0.02);
  return Object.fromEntries(Object.entries(weights).map(([name, { data, shape }]) => {
    const mean = /norm|ln_/.test(name) && name.endsWith('weight') ? 1 : 0;
    return [name, float32((data as Float32Array).map((value, at) => value + (off[name]!.data as Float32Array)[at]! - mean), shape)];
  }));
}

function sampling(input: DecodeInput): TokenSampling {
  const found = samplingOf(decodeSchema.parse(input), 3, 'evaluation');
  if (found.strategy === 'beam') throw new Error('beams');
  return found;
}

async function drafted(executor: Executor, config: ModelConfig, way: TokenSampling, { prompts = PROMPTS, draftTokens = 3, eos = [] as number[], maxNewTokens = 18 } = {}): Promise<Speculated[]> {
  const weights = randomWeights(config, 11);
  const model = (of: HostWeights): WritingModel => ({ executor, decoder: buildDecoder(config), weights: of });
  const writer = await SpeculativeWriter.open(model(weights), model(near(config, weights)), { vocabulary: config.vocabSize, maxLength: 48 });
  try {
    return await writer.write(prompts, { maxNewTokens, eos: new Set(eos), sampling: way, draftTokens, seed: 5 });
  } finally {
    await writer.release();
  }
}

/** Texts that two models have written together, of which some end early and leave the batch. */
async function mixed(executor: Executor, config: ModelConfig, { eos = [] as number[], maxNewTokens = 12, on = executor } = {}): Promise<MixedCompletion[]> {
  const plan = (seed: number, where: Executor): TextPlan => new TextPlan(where, buildDecoder(config), randomWeights(config, seed), { vocabulary: config.vocabSize, maxLength: 48, choice: 'logits' });
  const settings: MixedSettings = { teacherMix: 0.3, maxNewTokens, eos: new Set(eos), vocabulary: config.vocabSize, seed: 1, reduction: 'token', lengthNormalization: true, importanceClip: 0.2 };
  const rollouts = new MixedRollouts(host, plan(3, executor), plan(4, on), settings);
  try {
    return await rollouts.texts(PROMPTS.map(({ tokens: prompt }, index) => ({ index, prompt, example: index, rank: 0 })), 1);
  } finally {
    await rollouts.release();
  }
}

const WAYS: readonly (readonly [string, TokenSampling])[] = ([
  {}, { repetitionPenalty: 1.3 }, { strategy: 'sample', temperature: 0.8 }, { strategy: 'sample', temperature: 1.3, topK: 20, repetitionPenalty: 1.2, topP: 0.9, minP: 0.02 },
] satisfies DecodeInput[]).map((input) => [JSON.stringify(input), sampling(input)]);

const OUTSIDE: TokenSampling = { strategy: 'greedy', processors: [(logits) => { logits[7] = -Infinity; }] };

describe.each(EVERYWHERE)('two models on one device, %s', (_, executor, models) => {
  describe.each(models)('%s', (__, config) => {
    it.each([...WAYS, ['a processor that no graph knows', OUTSIDE] as const])('a student\'s drafts are judged as on the host: %s', async (_name, way) => {
      const held = executor.memory!.bytes;
      const [first] = await drafted(host, config, way);
      for (const draftTokens of [1, 4]) {
        const settings = { draftTokens, eos: [first!.tokens[7]!] };
        const wanted = await drafted(host, config, way, settings);
        expect(await drafted(executor, config, way, settings)).toEqual(wanted);
        const sum = (key: 'accepted' | 'judged'): number => wanted.reduce((total, text) => total + text[key], 0);
        expect(sum('accepted')).toBeGreaterThan(0);
      }
      expect(executor.memory!.bytes).toBe(held);
    });

    it('tokens are drawn from both as on the host, with the same probabilities by each', async () => {
      const held = executor.memory!.bytes;
      const [first, second] = await mixed(host, config);
      const eos = [first!.tokens[2]!, second!.tokens[6]!];
      const [found, wanted] = [await mixed(executor, config, { eos }), await mixed(host, config, { eos })];
      expect(found.map(({ tokens, ended }) => ({ tokens, ended }))).toEqual(wanted.map(({ tokens, ended }) => ({ tokens, ended })));
      expect(new Set(wanted.map(({ tokens }) => tokens.length)).size).toBeGreaterThan(1);
      for (const by of ['student', 'teacher'] as const) found.forEach((text, at) => { expectClose(text[by], wanted[at]![by], 1e-5); });
      expect(executor.memory!.bytes).toBe(held);
      expect((await mixed(executor, config, { eos, on: host })).map(({ tokens }) => tokens)).toEqual(wanted.map(({ tokens }) => tokens));
    });
  });
});

describe('what crosses for a token of two models does not depend on their vocabulary', () => {
  const sized = (vocabSize: number, hiddenSize: number): ModelConfig => tinyLlama({ vocabSize, hiddenSize, heads: 2, kvHeads: 1, headDim: 8, windows: [null, null] });
  const both = async (write: (config: ModelConfig, tokens: number) => Promise<unknown>): Promise<number[]> => {
    const perToken: number[] = [];
    for (const config of [sized(53, 16), sized(307, 48)]) {
      const crossed = async (tokens: number): Promise<number> => {
        const { toDevice, toHost } = standIn.memory!.crossed;
        await write(config, tokens);
        return standIn.memory!.crossed.toDevice - toDevice + standIn.memory!.crossed.toHost - toHost;
      };
      perToken.push(await crossed(16) - await crossed(8));
    }
    return perToken;
  };

  it('by MiniLLM\'s mixture', async () => {
    const [small, large] = await both((config, maxNewTokens) => mixed(standIn, config, { maxNewTokens }));
    expect(large).toBe(small);
    // Where a row stands for each model, its number, its token and two probabilities.
    expect(small! / (8 * PROMPTS.length)).toBeLessThan(100);
  });

  it('by drafts', async () => {
    const [small, large] = await both((config, maxNewTokens) => drafted(standIn, config, sampling({ strategy: 'sample' }), { prompts: PROMPTS.slice(0, 1), maxNewTokens, draftTokens: 1 }));
    // How many are accepted differs, and with it how often the teacher looks.
    expect(Math.max(small!, large!) / 8).toBeLessThan(300);
  });
});

requires('vulkan')('two models on WebGPU', () => {
  it('draft, judge and write together as on the host', async () => {
    const webgpu = nativeExecutor(1, 'webgpu');
    const held = webgpu.memory!.bytes;
    for (const [name, way] of WAYS) expect(await drafted(webgpu, llama, way, { prompts: PROMPTS.slice(0, 2), maxNewTokens: 8 }), name).toEqual(await drafted(host, llama, way, { prompts: PROMPTS.slice(0, 2), maxNewTokens: 8 }));
    const [found, wanted] = [await mixed(webgpu, llama), await mixed(host, llama)];
    expect(found.map(({ tokens }) => tokens)).toEqual(wanted.map(({ tokens }) => tokens));
    expect(webgpu.memory!.bytes).toBe(held);
  });
});

const TOGETHER: readonly (readonly [string, (executor: Executor) => Promise<unknown>])[] = [
  ['drafts', (executor) => drafted(executor, llama, WAYS[0]![1])],
  ['texts of both', (executor) => mixed(executor, llama)],
];

it.each(TOGETHER)('two models that a device has no room for leave nothing on it: %s', async (_, write) => {
  let isWritten = false;
  for (let room = 1000; !isWritten; room = Math.ceil(room * 1.1)) {
    const tight = standInExecutor(1, 'webgpu', { room });
    isWritten = await write(tight).then(() => true, (error: unknown) => {
      expect(error).toMatchObject({ kind: 'failure' });
      return false;
    });
    expect([room, tight.memory!.bytes]).toEqual([room, 0]);
  }
});
