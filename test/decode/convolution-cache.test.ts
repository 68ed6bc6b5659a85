import { expect, it } from 'vitest';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { loadFixture } from '../support/model-fixture.ts';

const executor = ortExecutor('cpu', 1);
const prompt = Int32Array.of(5, 9, 33);

async function programs(name: string) {
  const { config, weights } = await loadFixture(`test/fixtures/engine/families/${name}`);
  const decoder = buildDecoder(config);
  return { writer: await new TextPlan(executor, decoder, weights, { vocabulary: config.vocabSize, maxLength: 32, choice: 'logits' }).open() };
}

/** The second remembers beside its convolutions. */
const MODELS = ['lfm2', 'qwen3-5'];

it.each(MODELS)('%s: a text that goes back forgets what convolutions have seen', async (name) => {
  const { writer } = await programs(name);
  const fresh = async (tokens: number[]): Promise<number[]> => {
    const [logits] = await (await writer.engine.read({ tokens: prompt }, 8)).logits(tokens, 1);
    return [...logits!];
  };
  const text = await writer.engine.read({ tokens: prompt }, 8);
  for (const tokens of [[], [7, 8], [7, 8, 9, 10], [7, 11], [7, 11, 12], []]) {
    const [found] = await text.logits(tokens, 1);
    const wanted = await fresh(tokens);
    expect(Math.max(...wanted.map((value, at) => Math.abs(value - found![at]!))), tokens.join()).toBeLessThan(1e-5);
  }
  await writer.release();
});

it.each(MODELS)('%s: beams that branch take along what convolutions have seen', async (name) => {
  const { writer } = await programs(name);
  const [beams] = await writer.writeBeams([{ id: 0, tokens: prompt }],
    { maxNewTokens: 5, eos: new Set(), sampling: { strategy: 'beam', beams: 4, lengthPenalty: 1, earlyStopping: 'likely' } });
  for (const { tokens, score } of beams!) {
    let logprob = 0;
    for (let at = 0; at < tokens.length; at++) {
      const [logits] = await (await writer.engine.read({ tokens: prompt }, 8)).logits(tokens.slice(0, at), 1);
      const total = Math.log([...logits!].reduce((sum, value) => sum + Math.exp(value), 0));
      logprob += logits![tokens[at]!]! - total;
    }
    expect(Math.abs(logprob / tokens.length - score)).toBeLessThan(1e-5);
  }
  expect(beams).toHaveLength(4);
  await writer.release();
});
