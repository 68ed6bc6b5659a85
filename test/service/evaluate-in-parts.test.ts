import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { decodeSchema } from '../../src-main/contract/recipe.ts';
import type { Commands } from '../../src-main/contract/worker.ts';
import type { Result } from '../../src-main/contract/worker-host.ts';
import { evaluateModel } from '../../src-main/service/evaluate/evaluate-model.ts';
import type * as Sets from '../../src-main/text/example-set.ts';
import type * as Remembered from '../../src-main/service/examples/remembered-examples.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

/** How many examples a part has; what was asked for where it is null. */
const part = vi.hoisted(() => ({ size: null as number | null, asked: [] as number[], read: [] as number[] }));
vi.mock('../../src-main/text/example-set.ts', async (original) => {
  const sets = await original<typeof Sets>();
  return {
    ...sets,
    partsOf: (set: Sets.ExampleSet, most: number, size: number) => {
      part.asked.push(size);
      return sets.partsOf(set, most, part.size ?? size);
    },
  };
});
vi.mock('../../src-main/service/examples/remembered-examples.ts', async (original) => {
  const { readExamplesOnce } = await original<typeof Remembered>();
  return {
    readExamplesOnce: async (...from: Parameters<typeof readExamplesOnce>): Promise<Sets.ExampleSet> => {
      const set = await readExamplesOnce(...from);
      const { notes, count } = set;
      return {
        notes, count, lengthsAt: (place) => set.lengthsAt(place),
        read: (places) => {
          part.read.push(places.length);
          return set.read(places);
        },
      };
    },
  };
});

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

/** Every metric there is. */
const told: string[] = [];
const evaluate = (tellsAnswers: boolean): Promise<Result<Commands, 'evaluate'>> => evaluateModel({
  model: project.student, device: 'cpu', data: project.train, prompt: '{{question}}', reference: '{{solution}}', chat: false,
  metrics: ['accuracy', 'bleu', 'distinct', 'self-bleu', 'perplexity', 'multiple-choice', 'acceptance'], examples: 20,
  maxNewTokens: 6, decode: decodeSchema.parse({}), seed: 7, teacher: project.teacher, draftTokens: 3, choices: '12|7|{{solution}}', shots: null, calculator: false, tellsAnswers,
}, new AbortController().signal, ({ event }) => { told.push(event); });

it('no more examples than a part are in memory at once, and the scores are those of all together', async () => {
  const { metrics: { 'speed-up': _, ...whole } } = await evaluate(true);
  expect(told.filter((event) => event === 'prediction')).toHaveLength(20);
  expect(Math.max(...part.asked)).toBeLessThanOrEqual(4096);
  expect(Math.max(...part.read)).toBe(20);
  part.read = [];
  told.length = 0;
  part.size = 7;
  const { metrics: { 'speed-up': speed, ...inParts }, examples } = await evaluate(false);
  expect(told).not.toContain('prediction');
  expect(told).toContain('phase');
  expect(Math.max(...part.read)).toBe(7);
  expect(examples).toBe(20);
  expect(speed!.value).toBeGreaterThan(0);
  expect(Object.keys(inParts)).toEqual(['accuracy', 'bleu', 'distinct-1', 'distinct-2', 'self-bleu', 'perplexity', 'choice-accuracy', 'choice-accuracy-norm', 'acceptance', 'tokens-per-call']);
  for (const [name, { value, low, high }] of Object.entries(whole)) {
    expect(inParts[name], name).toEqual({ value: expect.closeTo(value, 5) as number, low: expect.closeTo(low!, 5) as number, high: expect.closeTo(high!, 5) as number });
  }
});
