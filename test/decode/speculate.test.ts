import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uniform } from '../../src-main/contract/random.ts';
import { decodeSchema, type DecodeInput } from '../../src-main/contract/recipe.ts';
import { choiceOf, probabilitiesOf, rowsOf } from '../../src-main/decode/choose.ts';
import { draw } from '../../src-main/decode/processors.ts';
import { samplingOf, type TokenSampling } from '../../src-main/decode/sampling.ts';
import { SpeculativeWriter, type WritingModel } from '../../src-main/decode/speculative-writer.ts';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { verify } from '../../src-main/decode/verify.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { float32 } from '../../src-main/runtime/tensor.ts';
import type { HostWeights } from '../../src-main/runtime/weights.ts';
import { chiSquare, likelyAtMost } from '../support/chi-square.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { randomWeights, tinyGpt2, tinyLlama } from '../support/tiny-models.ts';

const executor = ortExecutor('cpu', 1);
const open: { release(): Promise<void> }[] = [];
afterAll(() => Promise.all(open.map((item) => item.release())));

interface Pair { vocabulary: number; teacher: WritingModel; student: WritingModel }

/** A teacher, and a student that is the teacher with weights a little off: it drafts well, but not always. */
function pairOf(config: ModelConfig, weights: HostWeights, noise: number): Pair {
  const off = randomWeights(config, 5, noise);
  const near = Object.fromEntries(Object.entries(weights).map(([name, { data, shape }]) => {
    const mean = /norm|ln_/.test(name) && name.endsWith('weight') ? 1 : 0;
    return [name, float32((data as Float32Array).map((value, at) => value + (off[name]!.data as Float32Array)[at]! - mean), shape)];
  }));
  const model = (of: HostWeights): WritingModel => ({ executor, decoder: buildDecoder(config), weights: of });
  return { vocabulary: config.vocabSize, teacher: model(weights), student: model(near) };
}

function samplingFor(input: DecodeInput): TokenSampling {
  const sampling = samplingOf(decodeSchema.parse(input), 0, 'evaluation');
  if (sampling.strategy === 'beam') throw new Error('beams');
  return sampling;
}

async function speculativeWriter({ teacher, student, vocabulary }: Pair): Promise<SpeculativeWriter> {
  const writer = await SpeculativeWriter.open(teacher, student, { vocabulary, maxLength: 48 });
  open.push(writer);
  return writer;
}

const PROMPTS = [[1, 2, 3], [4, 5], [6, 7, 8, 9, 10, 11], [12]].map((ids, id) => ({ id, tokens: Int32Array.from(ids) }));
const llama = (changes = {}): [ModelConfig, HostWeights] => [tinyLlama(changes), randomWeights(tinyLlama(changes), 11)];
const MODELS: [string, () => Promise<[ModelConfig, HostWeights]>][] = [
  ['llama with odd heads', async () => llama()],
  ['llama with a window', async () => llama({ headDim: 8, windows: [4, null] })],
  ['gpt2', async () => [tinyGpt2(), randomWeights(tinyGpt2(), 11)]],
  ...['t5/t5', 't5/flan'].map((name): typeof MODELS[number] => [name, async () => {
    const { config, weights } = await loadFixture(`test/fixtures/engine/${name}`);
    return [config, weights];
  }]),
];

describe.each(MODELS)('greedy: %s', (_, load) => {
  it.each([1, 3, 6])('writes what the teacher writes alone, with drafts of %i tokens', async (draftTokens) => {
    const [config, weights] = await load();
    const pair = pairOf(config, weights, 0.02);
    for (const input of [{}, { repetitionPenalty: 1.3 }]) {
      const sampling = samplingFor(input);
      const alone = await new TextPlan(executor, pair.teacher.decoder, weights, { vocabulary: pair.vocabulary, maxLength: 48, choice: choiceOf(sampling) }).open();
      open.push(alone);
      const free = await alone.write(PROMPTS, { maxNewTokens: 20, eos: new Set(), sampling });
      // Ends that come up: one in the middle of a text, one at its last token.
      for (const eos of [new Set<number>(), new Set([free[0]!.tokens[7]!, free[1]!.tokens[19]!])]) {
        const wanted = await alone.write(PROMPTS, { maxNewTokens: 20, eos, sampling });
        const found = await (await speculativeWriter(pair)).write(PROMPTS, { maxNewTokens: 20, eos, sampling, draftTokens, seed: 0 });
        expect(found.map(({ tokens, ended }) => ({ tokens, ended }))).toEqual(wanted);
        const sum = (key: 'accepted' | 'judged' | 'calls'): number => found.reduce((total, text) => total + text[key], 0);
        expect(sum('accepted')).toBeGreaterThan(0);
        expect(sum('accepted')).toBeLessThan(sum('judged'));
        expect(sum('calls')).toBeLessThan(found.reduce((total, { tokens }) => total + tokens.length, 0));
      }
    }
  });
});

describe('sampled: what is written is distributed as the teacher writes', () => {
  const EOS = 2;
  const TOKENS = 3;
  const TEXTS = 3000;
  const config = tinyLlama({ vocabSize: 6 });
  const [teacher, student] = [3, 4].map((seed): WritingModel => ({ executor, decoder: buildDecoder(config), weights: randomWeights(config, seed, 0.2) })) as [WritingModel, WritingModel];
  const pair: Pair = { teacher, student, vocabulary: config.vocabSize };
  const prompt = Int32Array.of(1, 3);
  let writer: SpeculativeWriter;
  beforeAll(async () => { writer = await speculativeWriter(pair); });

  /** The probability of every text of `TOKENS` tokens, or shorter with an end, from prompts read whole. */
  async function exact({ decoder, weights }: WritingModel, input: DecodeInput): Promise<Map<string, number>> {
    const sampling = samplingFor(input);
    const { engine } = await new TextPlan(executor, decoder, weights, { vocabulary: config.vocabSize, maxLength: 48, choice: 'logits' }).open();
    open.push(engine);
    const texts = new Map<string, number>();
    let going = [{ tokens: [] as number[], probability: 1 }];
    for (let step = 1; step <= TOKENS; step++) {
      const session = await engine.grow(going.map(({ tokens }) => ({ tokens: prompt, begun: Int32Array.from(tokens) })), { rows: going.length, newTokens: 0 });
      const { logits } = await session.run();
      const next = rowsOf(logits!).flatMap((row, at) => [...probabilitiesOf(row, session.rows[at]!, sampling)].map((probability, token) => (
        { tokens: [...going[at]!.tokens, token], probability: going[at]!.probability * probability })));
      going = next.filter(({ tokens }) => step < TOKENS && tokens.at(-1) !== EOS);
      for (const { tokens, probability } of next) if (step === TOKENS || tokens.at(-1) === EOS) texts.set(String(tokens), probability);
    }
    return texts;
  }

  it.each<[DecodeInput, number]>([
    [{ strategy: 'sample' }, 1],
    [{ strategy: 'sample' }, 2],
    [{ strategy: 'sample', temperature: 1.5, topK: 4, repetitionPenalty: 1.2 }, 2],
    [{ strategy: 'sample', temperature: 0.7, topP: 0.9 }, 4],
  ])('%j, drafts of %i', async (input, draftTokens) => {
    const prompts = Array.from({ length: TEXTS }, (_, id) => ({ id, tokens: prompt }));
    const found = await writer.write(prompts, { maxNewTokens: TOKENS, eos: new Set([EOS]), sampling: samplingFor(input), draftTokens, seed: 17 });
    const counts = new Map<string, number>();
    for (const { tokens } of found) counts.set(String([...tokens]), (counts.get(String([...tokens])) ?? 0) + 1);
    const wanted = await exact(teacher, input);
    expect([...wanted.values()].reduce((sum, probability) => sum + probability, 0)).toBeCloseTo(1, 10);
    expect([...counts.keys()].filter((text) => !(wanted.get(text)! > 0))).toEqual([]);
    const { statistic, freedom } = chiSquare(counts, wanted, TEXTS);
    expect(freedom).toBeGreaterThan(15);
    expect(statistic).toBeLessThan(likelyAtMost(freedom));
    // The same count tells the teacher from the student, so it would have told of drafts that stayed too often.
    const other = chiSquare(counts, await exact(student, input), TEXTS);
    expect(other.statistic).toBeGreaterThan(2 * likelyAtMost(other.freedom));
  });

  it('writes the same whatever is written beside it', async () => {
    const options = { maxNewTokens: 12, eos: new Set([EOS]), sampling: samplingFor({ strategy: 'sample' }), draftTokens: 3, seed: 5 };
    const together = await writer.write(PROMPTS.map(({ id }) => ({ id, tokens: prompt })), options);
    expect(await writer.write([{ id: 2, tokens: prompt }], options)).toEqual([together[2]]);
    expect(new Set(together.map(({ tokens }) => String(tokens))).size).toBeGreaterThan(1);
  });
});

it('accepts every draft of the teacher itself', async () => {
  const [config, weights] = llama();
  const model = { executor, decoder: buildDecoder(config), weights };
  const found = await (await speculativeWriter({ teacher: model, student: model, vocabulary: config.vocabSize })).write(
    PROMPTS, { maxNewTokens: 20, eos: new Set(), sampling: samplingFor({ strategy: 'sample', temperature: 0.9 }), draftTokens: 4, seed: 1 });
  for (const { accepted, judged, calls } of found) expect({ accepted, judged, calls }).toEqual({ accepted: 16, judged: 16, calls: 4 });
});

it('keeps a drafted token as often as the two distributions overlap, and replaces it so that the teacher\'s results', () => {
  const p = Float64Array.of(0.5, 0.3, 0, 0.15, 0.05);
  const q = Float64Array.of(0.2, 0.1, 0.3, 0.35, 0.05);
  const draws = 20000;
  const counts = new Map<string, number>();
  let kept = 0;
  for (let example = 0; example < draws; example++) {
    const chance = (purpose: 'draft' | 'accept' | 'resample'): number => uniform(1, { purpose, example });
    const token = draw(q, chance('draft'));
    const { accepted, next } = verify([token], [q], [p, p], { accept: () => chance('accept'), next: () => chance('resample') });
    kept += accepted;
    const first = String(accepted === 1 ? token : next);
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  const overlap = p.reduce((sum, probability, id) => sum + Math.min(probability, q[id]!), 0);
  expect(Math.abs(kept / draws - overlap)).toBeLessThan(4 * Math.sqrt(overlap * (1 - overlap) / draws));
  expect(counts.has('2')).toBe(false);
  const { statistic, freedom } = chiSquare(counts, new Map([...p].map((probability, id) => [String(id), probability])), draws);
  expect(statistic).toBeLessThan(likelyAtMost(freedom));
});
