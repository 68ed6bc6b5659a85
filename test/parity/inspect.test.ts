import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Judge } from '../../src-main/distill/judge.ts';
import { reportTokens, TOP } from '../../src-main/inspect/token-report.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { loadFixture } from '../support/model-fixture.ts';

type Divergence = 'forward_kl' | 'reverse_kl' | 'jsd' | 'tvd';
interface Text extends Record<`${'student' | 'teacher'}${'Logprob' | 'Entropy' | 'Rank'}`, number[]>, Record<`${'student' | 'teacher'}${'Top' | 'TopIds'}`, number[][]> {
  prompt: number[]; completion: number[]; divergence: Record<Divergence, number[]>;
}
const fixture = JSON.parse(readFileSync('test/fixtures/engine/inspect.json', 'utf8')) as Record<string, { student: string; teacher: string; shared: number; texts: Text[] }>;
const executor = ortExecutor('cpu', 1);
const close = (found: number, wanted: number): void => expect(Math.abs(found - wanted)).toBeLessThan(1e-5 * Math.max(1, Math.abs(wanted)));

describe.each(Object.entries(fixture))('the report of a pair (%s) says of every token what PyTorch does, within 1e-5', (_, { student, teacher, shared, texts }) => {
  it.each(['forward_kl', 'reverse_kl', 'jsd', 'tvd'] as const)('by %s', async (divergence) => {
    const frozen = async (name: string): Promise<FrozenModel> => {
      const { config, weights } = await loadFixture(`test/fixtures/engine/models/${name}`);
      return new FrozenModel(executor, buildDecoder(config), weights);
    };
    const judge = new Judge(executor, await frozen(student), await frozen(teacher), {
      divergence, beta: 0.5, normalizeBeta: false, lossTemperature: 1, sharedVocabulary: shared, chunk: 7, top: TOP,
    });
    const reports = await reportTokens(judge, texts.map(({ prompt, completion }, index) => ({
      prompt: '', completion: '', example: { index, prompt: Int32Array.from(prompt), completion: Int32Array.from(completion), isOnPolicy: true },
    })), String);
    reports.forEach((report, index) => {
      const wanted = texts[index]!;
      expect(report.tokens.map(({ id }) => id)).toEqual(wanted.completion);
      report.tokens.forEach((token, at) => {
        close(token.divergence, wanted.divergence[divergence][at]!);
        for (const model of ['student', 'teacher'] as const) {
          close(token[`${model}Logprob`], wanted[`${model}Logprob`][at]!);
          close(token[`${model}Entropy`], wanted[`${model}Entropy`][at]!);
          expect(token[`${model}Rank`]).toBe(wanted[`${model}Rank`][at]);
          expect(token[`${model}Top`].map(({ id }) => id)).toEqual(wanted[`${model}TopIds`][at]);
          token[`${model}Top`].forEach(({ logprob }, rank) => close(logprob, wanted[`${model}Top`][at]![rank]!));
        }
      });
      const mean = wanted.divergence[divergence].reduce((sum, value) => sum + value, 0) / wanted.completion.length;
      close(report.meanDivergence, mean);
    });
    await judge.release();
  });
});
