import { expect, it } from 'vitest';
import { decodeSchema, type DecodeInput } from '../../src-main/contract/recipe.ts';
import { choiceOf } from '../../src-main/decode/choose.ts';
import { samplingOf } from '../../src-main/decode/sampling.ts';
import { SpeculativeWriter } from '../../src-main/decode/speculative-writer.ts';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { MixedRollouts } from '../../src-main/distill/mixed-rollouts.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import { onEveryDevice } from '../support/devices.ts';
import { randomWeights, tinyGpt2, tinyLlama, tinyT5 } from '../support/tiny-models.ts';

const cpu = ortExecutor('cpu', 1);
const PROMPTS = [[1, 2, 3], [4, 5], [6, 7, 8, 9, 10, 11], [12]].map((ids, id) => ({ id, tokens: Int32Array.from(ids) }));
const MODELS: [string, ModelConfig][] = [['llama with odd heads and a window', tinyLlama({ windows: [4, null] })], ['gpt2', tinyGpt2()], ['t5', tinyT5()]];
const KINDS: DecodeInput[] = [{ strategy: 'sample', temperature: 0.8 }, { strategy: 'sample', topK: 5, repetitionPenalty: 1.2 }, { strategy: 'beam', beams: 3 }];

onEveryDevice((device) => {

  it.each(MODELS)('%s writes what it writes on the CPU, however tokens are chosen', async (_, config) => {
    const weights = randomWeights(config, 11);
    const write = async (executor: Executor, input: DecodeInput): Promise<number[][]> => {
      const sampling = samplingOf(decodeSchema.parse(input), 3, 'evaluation');
      const writer = await new TextPlan(executor, buildDecoder(config), weights, { vocabulary: config.vocabSize, maxLength: 32, choice: choiceOf(sampling) }).open();
      const texts = await writer.write(PROMPTS, { maxNewTokens: 8, eos: new Set([2]), sampling });
      await writer.release();
      return texts.map(({ tokens }) => [...tokens]);
    };
    for (const kind of KINDS) expect(await write(device(), kind), JSON.stringify(kind)).toEqual(await write(cpu, kind));
  });

  it('a draft is verified as on the CPU', async () => {
    const write = async (executor: Executor): Promise<number[][]> => {
      const config = tinyLlama();
      const [teacher, student] = [3, 4].map((seed) => ({ executor, decoder: buildDecoder(config), weights: randomWeights(config, seed, 0.2) })) as [never, never];
      const writer = await SpeculativeWriter.open(teacher, student, { vocabulary: config.vocabSize, maxLength: 48 });
      const sampling = samplingOf(decodeSchema.parse({ strategy: 'sample' }), 5, 'evaluation');
      const texts = await writer.write(PROMPTS, { maxNewTokens: 8, eos: new Set(), sampling: sampling as never, draftTokens: 3, seed: 5 });
      await writer.release();
      return texts.map(({ tokens }) => [...tokens]);
    };
    expect(await write(device())).toEqual(await write(cpu));
  });

  it('two models write together as on the CPU', async () => {
    const write = async (executor: Executor): Promise<number[][]> => {
      const config = tinyLlama();
      const plan = (seed: number): TextPlan => new TextPlan(executor, buildDecoder(config), randomWeights(config, seed), { vocabulary: config.vocabSize, maxLength: 32, choice: 'logits' });
      const rollouts = new MixedRollouts(executor, plan(3), plan(4), { teacherMix: 0.3, maxNewTokens: 8, eos: new Set([2]), vocabulary: config.vocabSize, seed: 1 } as never);
      const texts = await rollouts.texts(PROMPTS.map(({ tokens: prompt }, index) => ({ index, prompt, example: index, rank: 0 })), 1);
      await rollouts.release();
      return texts.map(({ tokens }) => [...tokens]);
    };
    expect(await write(device())).toEqual(await write(cpu));
  });
});
