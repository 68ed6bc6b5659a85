import { afterAll, describe, expect, it } from 'vitest';
import { decodeGraph } from '../../src-main/decode/decode-graph.ts';
import { generate } from '../../src-main/decode/generate.ts';
import type { Completion, Prompt } from '../../src-main/decode/writing.ts';
import { HostEngine } from '../../src-main/decode/host-engine.ts';
import { choiceOf } from '../../src-main/decode/choose.ts';
import type { Sampling } from '../../src-main/decode/sampling.ts';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Judge } from '../../src-main/distill/judge.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { asInitializers, type Weights } from '../../src-main/runtime/weights.ts';
import { randomWeights, tinyGpt2, tinyLlama } from '../support/tiny-models.ts';

const executor = ortExecutor('cpu', 1);
const PROMPTS = [[1, 2, 3], [4, 5], [6, 7, 8, 9, 10, 11], [12]].map((ids, id) => ({ id, tokens: Int32Array.from(ids) }));
const uniform = (prompt: number, step: number): number => ((prompt * 7 + step * 13 + 5) % 31) / 31;
const sample: Exclude<Sampling, { strategy: 'beam' }> = { strategy: 'sample', temperature: 0.8, uniform };

const open: { release(): Promise<void> }[] = [];
afterAll(() => Promise.all(open.map((item) => item.release())));

async function write(config: ModelConfig, weights: Weights, sampling: Exclude<Sampling, { strategy: 'beam' }>, prompts: readonly Prompt[] = PROMPTS, eos: number[] = []): Promise<Completion[]> {
  const decoder = buildDecoder(config);
  const { placement, initializers } = asInitializers(weights);
  const program = await executor.compile(decodeGraph(decoder, { choice: choiceOf(sampling), vocabulary: config.vocabSize, maxLength: 40 }, placement), { initializers });
  open.push(program);
  return generate(new HostEngine({ decode: program, source: null }, decoder), prompts, { maxNewTokens: 16, eos: new Set(eos), sampling });
}

/** For each written token: whether the whole, uncached forward pass has it on top. */
async function isTop(config: ModelConfig, weights: Weights, prompt: Int32Array, completion: Int32Array): Promise<boolean[]> {
  const model = new FrozenModel(executor, buildDecoder(config), weights);
  const judge = new Judge(executor, model, null,
    { divergence: 'cross_entropy', beta: 0.5, normalizeBeta: false, lossTemperature: 1, sharedVocabulary: config.vocabSize, chunk: 64, top: 1 });
  open.push(model, judge);
  const [batch] = layOut([{ index: 0, prompt, completion, isOnPolicy: true }], 1, 'sequence', null);
  const { studentTopIds } = await judge.judge(batch!);
  return [...completion].map((token, at) => BigInt(token) === (studentTopIds as BigInt64Array)[at]);
}

const MODELS: [string, ModelConfig][] = [
  ['llama with odd heads', tinyLlama()],
  ['llama with a window', tinyLlama({ headDim: 8, windows: [4, null] })],
  ['llama with query-key norms and biases', tinyLlama({ qkNorm: true, qkvBias: true, tiedEmbeddings: false })],
  ['gpt2', tinyGpt2()],
];

describe.each(MODELS)('decoding through a cache: %s', (_, config) => {
  const weights = randomWeights(config, 11);

  it('writes the tokens that the uncached model has on top', async () => {
    const completions = await write(config, weights, { strategy: 'greedy' });
    for (const [at, { tokens }] of completions.entries()) {
      expect(tokens).toHaveLength(16);
      expect(await isTop(config, weights, PROMPTS[at]!.tokens, tokens)).not.toContain(false);
    }
  });

  it('goes on from what is begun as it would have itself', async () => {
    const whole = await write(config, weights, { strategy: 'greedy' });
    const begun = await write(config, weights, { strategy: 'greedy' }, PROMPTS.map((prompt, at) => ({ ...prompt, begun: whole[at]!.tokens.slice(0, at + 1) })));
    begun.forEach(({ tokens }, at) => expect([...tokens.slice(0, 15 - at)]).toEqual([...whole[at]!.tokens.slice(at + 1)]));
  });

  it('writes the same text whatever batch a prompt is in, also as others end', async () => {
    const together = await write(config, weights, sample, PROMPTS, [5, 9, 17, 30, 41]);
    for (const [at, prompt] of PROMPTS.entries()) {
      const [alone] = await write(config, weights, sample, [prompt], [5, 9, 17, 30, 41]);
      expect(alone).toEqual(together[at]);
    }
  });
});

it('ends a text with its end token, which belongs to the completion', async () => {
  const config = tinyLlama();
  const weights = randomWeights(config, 11);
  const [{ tokens }] = await write(config, weights, { strategy: 'greedy' }, PROMPTS.slice(0, 1)) as [Completion];
  const eos = tokens[3]!;
  const [ended] = await write(config, weights, { strategy: 'greedy' }, PROMPTS.slice(0, 1), [eos]);
  expect(ended).toEqual({ tokens: tokens.slice(0, tokens.indexOf(eos) + 1), ended: true });
});

it('tokens are told with the place of their prompt among all, also where like lengths share a batch', async () => {
  const config = tinyLlama();
  const writer = await new TextPlan(executor, buildDecoder(config), randomWeights(config, 3), { vocabulary: config.vocabSize, maxLength: 40, choice: 'greedy' }).open();
  open.push(writer);
  const told = PROMPTS.map((): number[] => []);
  const written = await writer.write(PROMPTS, { maxNewTokens: 5, eos: new Set(), sampling: { strategy: 'greedy' }, onToken: (at, token) => { told[at]!.push(token); } });
  expect(told).toEqual(written.map(({ tokens }) => [...tokens]));
});
