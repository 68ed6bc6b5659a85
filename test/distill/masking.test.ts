import { tmpdir } from 'node:os';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveMethod } from '../../src-main/contract/presets.ts';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { layOut, paddedTokens, type MicroBatch, type TrainingExample } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { RolloutWriter } from '../../src-main/distill/rollout.ts';
import type { LossSettings } from '../../src-main/distill/student.ts';
import { Trainer } from '../../src-main/distill/trainer.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import type { HostWeights } from '../../src-main/runtime/weights.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { prepareRun } from '../../src-main/service/run/look/prepare.ts';
import { firstExamples } from '../../src-main/text/example-set.ts';
import { dataExamples } from '../support/data-examples.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { randomWeights, tinyLlama } from '../support/tiny-models.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';
import { tinyStudent } from '../support/tiny-student.ts';

type Reduction = 'sequence' | 'token';
const REDUCTIONS = ['sequence', 'token'] as const;

/** A batch whose EOS also closes turns within prompts and, in PyTorch, fills the rows. */
interface Fixture extends Record<Reduction, { loss: number; norm: number }> {
  student: string;
  eos: number;
  batch: { prompt: number[]; completion: number[] }[];
  /** Cross-entropy of every completion token, from each text alone. */
  tokenLosses: number[][];
}
const fixture = JSON.parse(readFileSync('test/fixtures/engine/masking.json', 'utf8')) as Fixture;
const executor = ortExecutor('cpu', 1);

const example = (prompt: readonly number[], completion: readonly number[], index = 0): TrainingExample =>
  ({ index, prompt: Int32Array.from(prompt), completion: Int32Array.from(completion), isOnPolicy: false });
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

interface Learned { loss: number; norm: number; gradients: Map<string, Float32Array>; perExample: number[][] }
/** Of all parameters, as one vector: some have none of their own but rounding. */
const gradientOf = ({ gradients }: Learned): number[] => [...gradients.values()].flatMap((values) => [...values]);

/** What a student of the given weights learns from micro-batches, in their order. */
async function learn(
  config: ModelConfig, weights: HostWeights, batches: readonly MicroBatch[], divergence: 'cross_entropy' | 'forward_kl' = 'cross_entropy', teacher?: FrozenModel,
): Promise<Learned> {
  const settings: LossSettings = {
    method: { divergence, beta: 0.5, normalizeBeta: false, lossTemperature: 1 }, sharedVocabulary: config.vocabSize, chunk: 16,
  };
  const { student, optimizer } = tinyStudent(executor, config, weights, settings);
  const perExample: number[][] = [];
  let loss = 0;
  for (const batch of batches) {
    const lesson = await student.learn(batch, teacher ? { hidden: await teacher.hidden(batch), head: teacher } : null);
    loss += lesson.loss;
    for (const { example: at, start, end } of batch.spans) perExample[at] = [...lesson.told('divergence')!.subarray(start, end)];
  }
  await student.release();
  const gradients = new Map(listParameters(config).map(({ name }) => [name, optimizer.gradients(name).slice()]));
  return { loss, norm: optimizer.gradientNorm(), gradients, perExample };
}

/** As vectors, relative to what is wanted. */
function expectClose(found: readonly number[], wanted: readonly number[], tolerance: number): void {
  expect(found.length).toBe(wanted.length);
  expect(Math.hypot(...found.map((value, at) => value - wanted[at]!))).toBeLessThanOrEqual(tolerance * Math.hypot(...wanted));
}

describe('where EOS is also the padding', () => {
  const examples = fixture.batch.map(({ prompt, completion }, index) => example(prompt, completion, index));

  it.each(REDUCTIONS)('the loss by %s is PyTorch\'s mean over completion tokens, their EOS among them', async (reduction) => {
    const { config, weights } = await loadFixture(`test/fixtures/engine/models/${fixture.student}`);
    const { loss, norm, perExample } = await learn(config, weights, layOut(examples, 2, reduction, null));
    perExample.forEach((losses, at) => expectClose(losses, fixture.tokenLosses[at]!, 1e-5));
    const average = (losses: readonly number[][]): number => (reduction === 'sequence' ? mean(losses.map(mean)) : mean(losses.flat()));
    expectClose([loss], [average(fixture.tokenLosses)], 1e-5);
    expectClose([loss, norm], [fixture[reduction].loss, fixture[reduction].norm], 1e-5);
    // What a mask made from ids would give, as padding's id is EOS's.
    const withoutEos = fixture.tokenLosses.map((losses, at) => losses.filter((_, token) => fixture.batch[at]!.completion[token] !== fixture.eos));
    expect(Math.abs(loss - average(withoutEos.filter((losses) => losses.length > 0)))).toBeGreaterThan(0.01);
  });

  it('a completion that is nothing but EOS is learned', async () => {
    const config = tinyLlama();
    const { method } = resolveMethod({ preset: 'sft' });
    const { student, optimizer, train } = tinyStudent(executor, config, randomWeights(config, 3), { method, sharedVocabulary: config.vocabSize, chunk: 16 },
      { learningRate: 1e-2 });
    const batch = [example([5, 6], [fixture.eos], 0), example([9, fixture.eos, 11], [fixture.eos], 1)];
    const trainer = new Trainer({ student, optimizer, rollouts: null, teacher: null, data: { count: 2, batch: () => dataExamples(batch) } },
      { seed: 0, steps: 15, microBatchSize: 2, sharedVocabulary: config.vocabSize, method, train });
    const losses: number[] = [];
    for (let step = 1; step <= 15; step++) losses.push((await trainer.step(step)).metrics.loss);
    expect(losses.at(-1)).toBeLessThan(0.2 * losses[0]!);
    await trainer.release();
  });

  it('the one that ends the student\'s own text is judged like its other tokens', async () => {
    const config = tinyLlama();
    const weights = randomWeights(config, 3);
    const { method } = resolveMethod({ preset: 'on-policy-kd' });
    const { student, optimizer, train } = tinyStudent(executor, config, weights, { method, sharedVocabulary: config.vocabSize, chunk: 16 });
    // So many tokens end a text that most do.
    const eos = new Set(Array.from({ length: 12 }, (_, at) => at));
    const plan = new TextPlan(executor, student.decoder, student.weights, { vocabulary: config.vocabSize, maxLength: 16, choice: 'sample' });
    const trainer = new Trainer({
      student, optimizer, teacher: new FrozenModel(executor, buildDecoder(config), randomWeights(config, 8)),
      rollouts: new RolloutWriter(plan, { seed: 1, temperature: 1, maxNewTokens: 8, eos }),
      data: { count: 8, batch: () => dataExamples(Array.from({ length: 8 }, (_, index) => example([20 + index, 3, 30], [], index))) },
    }, { seed: 1, steps: 1, microBatchSize: 3, sharedVocabulary: config.vocabSize, method, train });
    const { metrics, rollouts } = await trainer.step(1);
    expect(rollouts.filter(({ ended }) => ended).length).toBeGreaterThan(2);
    for (const { tokens, divergence, ended } of rollouts) {
      expect(tokens.map((token) => eos.has(token))).toEqual(tokens.map((_, at) => ended && at === tokens.length - 1));
      expect(divergence).toHaveLength(tokens.length);
    }
    expectClose([metrics.loss], [mean(rollouts.map(({ divergence }) => mean(divergence)))], 1e-5);
    expect(metrics.completionTokens).toBe(rollouts.flatMap(({ tokens }) => tokens).length);
    await trainer.release();
  });

  describe('in a run', () => {
    let project: TinyProject;
    beforeAll(async () => { project = await tinyProject(); });
    afterAll(() => project.remove());

    it('every completion of the data ends with it, unless it is cut off', async () => {
      const recipe = project.recipe();
      const run = await prepareRun(parseRecipe({ ...recipe, data: { ...recipe.data, maxCompletionTokens: 42 } }, 'test'), tmpdir());
      const { tokenizer } = run.student;
      expect(tokenizer.padId).toBe(tokenizer.eosIds[0]);
      const train = await firstExamples(run.train, null);
      const ends = (isCut: boolean): Set<boolean> => new Set(train
        .filter(({ completion, completionLength }) => completion.length < completionLength === isCut)
        .map(({ completion }) => completion.at(-1) === tokenizer.padId));
      expect([ends(false), ends(true)]).toEqual([new Set([true]), new Set([false])]);
    });
  });
});

describe('tokens between learned ones', () => {
  it('weigh nothing: a turn after a turn is learned as the two would be by themselves', async () => {
    const config = tinyLlama();
    const weights = randomWeights(config, 3);
    const teacher = new FrozenModel(executor, buildDecoder(config), randomWeights(config, 8));
    const [opening, first, between, second] = [[5, 6], [31, 32, 2], [40, 41, 42], [33, 34, 2]];
    const whole: TrainingExample = { ...example(opening, [...first, ...between, ...second]), learned: Uint8Array.of(1, 1, 1, 0, 0, 0, 1, 1, 1) };
    const apart = [example(opening, first, 0), example([...opening, ...first, ...between], second, 1)];
    for (const reduction of REDUCTIONS) {
      const together = await learn(config, weights, layOut([whole], 1, reduction, null), 'forward_kl', teacher);
      const alone = await learn(config, weights, layOut(apart, 2, reduction, null), 'forward_kl', teacher);
      // Both turns have the same length, so that either reduction weighs their tokens alike.
      expectClose([together.loss, together.norm], [alone.loss, alone.norm], 1e-5);
      expectClose(gradientOf(together), gradientOf(alone), 1e-5);
      expectClose(together.perExample[0]!, alone.perExample.flat(), 1e-5);
    }
  });
});

describe('prompt tokens weigh nothing', () => {
  // No token sees another, so that of a prompt only the last token may matter, and it only as what comes before the completion.
  const config = tinyLlama({ windows: [1, 1], tiedEmbeddings: false });
  const weights = randomWeights(config, 3);
  const teacher = new FrozenModel(executor, buildDecoder(config), randomWeights(config, 8));
  const completions = [[31, 32, 2], [33, 2], [34, 35, 36, 37]];
  const shortly = completions.map((completion, at) => example([10 + at], completion, at));
  const prompts: [string, number[][]][] = [
    ['of other tokens', [[4, 5, 6], [7, 8, 9], [50, 51, 52]]],
    ['with EOS and padding ids among them', [[2, 0, 2], [0, 0], [2, 2, 2, 2]]],
    ['of other lengths', [[4], [5, 6, 7, 8, 9, 50, 51, 52, 4, 5], [6, 7, 8]]],
  ];

  describe.each(REDUCTIONS)('by %s', (reduction) => {
    it.each(prompts)('%s', async (_, openings) => {
      const opened = shortly.map(({ prompt, completion, index }) => example([...openings[index]!, ...prompt], [...completion], index));
      for (const divergence of ['cross_entropy', 'forward_kl'] as const) {
        const alone = await learn(config, weights, layOut(shortly, 2, reduction, null), divergence, teacher);
        const after = await learn(config, weights, layOut(opened, 2, reduction, null), divergence, teacher);
        expectClose([after.loss, after.norm], [alone.loss, alone.norm], 1e-6);
        expectClose(gradientOf(after), gradientOf(alone), 1e-6);
        const embedding = after.gradients.get('model.embed_tokens.weight')!;
        for (const token of openings.flat().filter((id) => !completions.flat().includes(id))) {
          expect(embedding.subarray(token * config.hiddenSize, (token + 1) * config.hiddenSize).every((value) => value === 0)).toBe(true);
        }
      }
    });
  });
});

describe('a batch of random lengths', () => {
  // Few ids, so that padding's and EOS's are everywhere.
  const tokens = (least: number, most: number): fc.Arbitrary<number[]> => fc.array(fc.integer({ min: 0, max: 4 }), { minLength: least, maxLength: most });
  const batches = fc.array(fc.record({ prompt: tokens(1, 24), completion: tokens(0, 24) }), { minLength: 1, maxLength: 7 })
    .map((texts) => texts.map(({ prompt, completion }, index) => example(prompt, completion, index)));

  it('is known in size, padding included, before it is laid out', () => {
    fc.assert(fc.property(batches, fc.integer({ min: 1, max: 4 }), fc.constantFrom(null, { startId: 0 }), (examples, microBatchSize, encoder) => {
      const read = layOut(examples, microBatchSize, 'token', encoder).map(({ ids, source }) => ids.data.length + (source?.ids.data.length ?? 0));
      expect(paddedTokens(examples, microBatchSize, encoder)).toBe(read.reduce((sum, count) => sum + count, 0));
    }), { numRuns: 200, seed: 3 });
  });

  it('weighs each completion token once, as what follows the tokens before it, and nothing else', () => {
    fc.assert(fc.property(batches, fc.integer({ min: 1, max: 4 }), fc.constantFrom(...REDUCTIONS), (examples, microBatchSize, reduction) => {
      const learned = examples.filter(({ completion }) => completion.length > 0);
      const count = learned.reduce((sum, { completion }) => sum + completion.length, 0);
      const seen: number[] = [];
      for (const { bucket, ids, index, targets, weights, spans } of layOut(examples, microBatchSize, reduction, null)) {
        const counted = new Set<number>();
        spans.forEach(({ example: at, start, end }, row) => {
          const { prompt, completion } = examples[at]!;
          const text = [...prompt, ...completion];
          seen.push(at);
          expect([...targets.data.subarray(start, end)]).toEqual([...completion]);
          for (let position = start; position < end; position++) {
            const before = prompt.length + position - start;
            expect(index.data[position]).toBe(row * bucket.length + before - 1);
            expect([...ids.data.subarray(row * bucket.length, row * bucket.length + before)]).toEqual(text.slice(0, before));
            expect(weights.data[position]).toBe(Math.fround(reduction === 'token' ? 1 / count : 1 / (learned.length * completion.length)));
            counted.add(position);
          }
        });
        weights.data.forEach((weight, position) => { if (!counted.has(position)) expect(weight).toBe(0); });
      }
      expect(seen.sort((a, b) => a - b)).toEqual(learned.map(({ index }) => index));
    }), { numRuns: 200, seed: 2 });
  });

  it('gives the same loss and gradient in whatever order its micro-batches come', async () => {
    const config = tinyLlama();
    const weights = randomWeights(config, 3);
    const shuffled = batches.filter((examples) => examples.filter(({ completion }) => completion.length > 0).length > 2)
      .chain((examples) => {
        const inOrder = layOut(examples, 1, 'sequence', null);
        return fc.shuffledSubarray(inOrder, { minLength: inOrder.length }).map((other) => ({ inOrder, other }));
      });
    await fc.assert(fc.asyncProperty(shuffled, async ({ inOrder, other }) => {
      const [a, b] = [await learn(config, weights, inOrder), await learn(config, weights, other)];
      expectClose([b.loss, b.norm], [a.loss, a.norm], 1e-6);
      expectClose(gradientOf(b), gradientOf(a), 1e-6);
    }), { numRuns: 8, seed: 3 });
  });
});
