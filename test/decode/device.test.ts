import { describe, expect, it } from 'vitest';
import { choiceOf } from '../../src-main/decode/choose.ts';
import type { Completion, Prompt } from '../../src-main/decode/generate.ts';
import { minP, repetitionPenalty, topK, topP } from '../../src-main/decode/processors.ts';
import type { Sampling } from '../../src-main/decode/sampling.ts';
import { TextPlan, type TextWriter } from '../../src-main/decode/text-writer.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { nativeExecutor, standInExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import type { Weights } from '../../src-main/runtime/weights.ts';
import { requires } from '../support/requires.ts';
import { randomWeights, tinyGpt2, tinyLlama, tinyT5 } from '../support/tiny-models.ts';

const host = nativeExecutor(1);
const standIn = standInExecutor(1);

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

requires('vulkan')('on WebGPU', () => {
  const few = SAMPLINGS.filter(([name]) => ['greedy', 'samples', 'all rules at once'].includes(name));

  it.each(MODELS)('the tokens of the host: %s', async (_, config) => {
    const device = nativeExecutor(1, 'webgpu');
    const held = device.memory!.bytes;
    for (const [name, sampling] of few) expect(await write(device, config, sampling), name).toEqual(await write(host, config, sampling));
    expect(device.memory!.bytes).toBe(held);
  });
});
