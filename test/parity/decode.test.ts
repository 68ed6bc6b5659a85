import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeSchema, type DecodeSettings } from '../../src-main/contract/recipe.ts';
import { choiceOf } from '../../src-main/decode/choose.ts';
import { minP, repetitionPenalty, topK, topP } from '../../src-main/decode/processors.ts';
import { samplingOf } from '../../src-main/decode/sampling.ts';
import { TextPlan, type TextWriter } from '../../src-main/decode/text-writer.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { loadFixture } from '../support/model-fixture.ts';

type Beams = Pick<DecodeSettings, 'beams' | 'lengthPenalty' | 'earlyStopping' | 'repetitionPenalty'>;
interface Fixture {
  maxNewTokens: number;
  models: Record<string, { prompts: number[][]; cases: { settings: Beams; eos: number[]; texts: number[][][] }[]; repetition: number[][] }>;
  processors: { logits: number[][]; tokens: number[][]; made: Record<string, (number | null)[][]> };
}
const fixture = JSON.parse(readFileSync('test/fixtures/engine/decode.json', 'utf8')) as Fixture;
const executor = ortExecutor('cpu', 1);

async function writerOf(model: string, settings: DecodeSettings): Promise<TextWriter> {
  const { config, weights } = await loadFixture(`test/fixtures/engine/${model}`);
  return new TextPlan(executor, buildDecoder(config), weights, {
    vocabulary: config.vocabSize, maxLength: 40, choice: choiceOf(samplingOf(settings, 0, 'evaluation')),
  }).open();
}
const promptsOf = (model: string) => fixture.models[model]!.prompts.map((tokens, id) => ({ id, tokens: Int32Array.from(tokens) }));

describe.each(Object.keys(fixture.models))('%s', (model) => {
  it.each(fixture.models[model]!.cases)('finds the texts that Transformers finds: %j', async ({ settings, eos, texts }) => {
    const decode = decodeSchema.parse({ strategy: 'beam', ...settings });
    const sampling = samplingOf(decode, 0, 'evaluation');
    if (sampling.strategy !== 'beam') throw new Error('no beams');
    const writer = await writerOf(model, decode);
    const options = { maxNewTokens: fixture.maxNewTokens, eos: new Set(eos), sampling };
    const found = await writer.writeBeams(promptsOf(model), options);
    expect(found.map((hypotheses) => hypotheses.map(({ tokens }) => [...tokens]))).toEqual(texts);
    const [best] = await writer.write(promptsOf(model).slice(0, 1), options);
    expect([...best!.tokens]).toEqual(texts[0]![0]);
    expect(best!.ended).toBe(eos.includes(texts[0]![0]!.at(-1)!));
    await writer.release();
  });

  it('writes what Transformers writes under a repetition penalty', async () => {
    const decode = decodeSchema.parse({ repetitionPenalty: 1.3 });
    const writer = await writerOf(model, decode);
    const completions = await writer.write(promptsOf(model), { maxNewTokens: fixture.maxNewTokens, eos: new Set(), sampling: samplingOf(decode, 0, 'evaluation') });
    expect(completions.map(({ tokens }) => [...tokens])).toEqual(fixture.models[model]!.repetition);
    await writer.release();
  });
});

describe('processors leave of logits what those of Transformers leave', () => {
  const make = { topK, topP, minP, repetitionPenalty };
  it.each(Object.entries(fixture.processors.made))('%s', (name, wanted) => {
    const [kind, value] = name.split(' ') as [keyof typeof make, string];
    const process = make[kind](Number(value));
    fixture.processors.logits.forEach((row, at) => {
      const logits = Float32Array.from(row);
      process(logits, fixture.processors.tokens[at]!);
      wanted[at]!.forEach((logit, id) => {
        if (logit === null) expect(logits[id]).toBe(-Infinity);
        else expect(logits[id]).toBeCloseTo(logit, 6);
      });
    });
  });
});

it('draws by probability: what processors leave, as often as it is likely', async () => {
  const decode = decodeSchema.parse({ strategy: 'sample', temperature: 1.5, topK: 4 });
  const plain = await writerOf('models/llama', decodeSchema.parse({ strategy: 'sample', temperature: 1.5 }));
  const writer = await writerOf('models/llama', decode);
  const prompts = Array.from({ length: 400 }, (_, id) => ({ id, tokens: Int32Array.of(5, 6, 7) }));
  const first = async (from: TextWriter, settings: DecodeSettings): Promise<Map<number, number>> => {
    const written = await from.write(prompts, { maxNewTokens: 1, eos: new Set(), sampling: samplingOf(settings, 3, 'evaluation') });
    const counts = new Map<number, number>();
    for (const { tokens } of written) counts.set(tokens[0]!, (counts.get(tokens[0]!) ?? 0) + 1);
    return counts;
  };
  const few = await first(writer, decode);
  const all = await first(plain, decodeSchema.parse({ strategy: 'sample', temperature: 1.5 }));
  expect(few.size).toBe(4);
  expect(all.size).toBeGreaterThan(4);
  await Promise.all([writer.release(), plain.release()]);
});

it('refuses settings of another strategy by name', () => {
  expect(decodeSchema.safeParse({ topK: 3 }).error?.issues[0]).toMatchObject({ path: ['topK'], message: 'is for the strategy sample, and the strategy is greedy' });
  expect(decodeSchema.safeParse({ strategy: 'sample', beams: 2 }).error?.issues[0]).toMatchObject({ path: ['beams'] });
});
