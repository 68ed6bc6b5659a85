import { describe, expect, it } from 'vitest';
import { studySchema, type Study } from '../../../src-main/contract/study.ts';
import { mergePatch } from '../../../src-main/contract/merge-patch.ts';
import { pictureOf } from '../../../src-main/service/study/picture.ts';
import { planStudy } from '../../../src-main/service/study/plan.ts';
import type { Measured } from '../../../src-main/service/study/run-study.ts';
import { summarize } from '../../../src-main/service/study/summarize.ts';
import { tableOf } from '../../../src-main/service/study/table.ts';

const study = (changes: object = {}): Study => studySchema.parse({
  name: 'small', recipe: { student: { model: 'student' }, teacher: { model: 'teacher' }, data: { train: 'train.jsonl' }, train: { steps: 2 } },
  arms: [{ name: 'SFT', recipe: { method: { preset: 'sft' }, teacher: null } }, { name: 'GKD (JSD)', recipe: { method: { divergence: 'jsd' } } }],
  chart: { y: 'accuracy' }, ...changes,
});

it.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('merges %j with %j as RFC 7396 does', (target, patch, expected) => {
  expect(mergePatch(target, patch)).toEqual(expected);
});

describe('the plan of a study', () => {
  it('has every arm at every point with every seed, as recipes of their own', () => {
    const runs = planStudy(study({ grid: { 'data.fraction': [0.5, 1], 'train.batchSize': [4] }, seeds: [3, 4] }), 'study.json', '/base');
    expect(runs.map(({ key }) => key)).toEqual([
      'sft-fraction=0.5-batchsize=4-seed=3', 'sft-fraction=0.5-batchsize=4-seed=4', 'sft-fraction=1-batchsize=4-seed=3', 'sft-fraction=1-batchsize=4-seed=4',
      'gkd-jsd-fraction=0.5-batchsize=4-seed=3', 'gkd-jsd-fraction=0.5-batchsize=4-seed=4', 'gkd-jsd-fraction=1-batchsize=4-seed=3', 'gkd-jsd-fraction=1-batchsize=4-seed=4',
    ]);
    expect(runs[0]!.recipe).toMatchObject({ seed: 3, student: { model: '/base/student' }, data: { fraction: 0.5, train: '/base/train.jsonl' }, train: { steps: 2, batchSize: 4 }, method: { preset: 'sft' } });
    expect(runs[0]!.recipe.teacher).toBeUndefined();
    expect(runs[4]!.recipe).toMatchObject({ teacher: { model: '/base/teacher' }, method: { preset: 'gkd', divergence: 'jsd' } });
  });

  it('names the arm whose recipe is wrong', () => {
    expect(() => planStudy(study({ arms: [{ name: 'wild', recipe: { train: { batchSize: 0 } } }] }), 'study.json', '/')).toThrow('study.json, arm "wild": train.batchSize is 0');
    const many = Array.from({ length: 3000 }, (_, value) => value + 1);
    expect(() => planStudy(study({ grid: { 'train.batchSize': many, 'train.steps': many } }), 'study.json', '/')).toThrow('make 18,000,000 runs, and a study has at most 2,000.');
    expect(() => planStudy(study({ grid: { 'method.lamda': [1] } }), 'study.json', '/')).toThrow('there is no field method.lamda');
    expect(() => planStudy(study({ arms: [{ name: 'a b' }, { name: 'A-b' }] }), 'study.json', '/')).toThrow('two runs would be called "a-b-seed=0"');
  });
});

describe('the results of a study', () => {
  const measured = (name: string, seed: number | null, value: number, point: Record<string, number> = {}): Measured => ({
    system: seed === null ? null : { arm: name, point }, name, seed, evaluation: 'greedy',
    measurement: { examples: 10, metrics: { accuracy: { value, low: value - 0.1, high: value + 0.1 } }, signatures: {} },
  });

  it('are means with t intervals over seeds, and each model\'s own interval where there is one seed', () => {
    // scipy.stats.t.interval(0.95, 2, loc=mean, scale=sem) of 0.2, 0.3, 0.4
    const [before, one, many] = summarize([measured('before', null, 0.1), measured('one', 0, 0.5), measured('many', 0, 0.2), measured('many', 1, 0.3), measured('many', 2, 0.4)]);
    expect(before).toMatchObject({ seeds: null, metrics: { accuracy: { value: 0.1, low: 0 } } });
    expect(one).toMatchObject({ seeds: 1, metrics: { accuracy: { value: 0.5, low: 0.4, high: 0.6 } } });
    expect(many!.metrics['accuracy']!.value).toBeCloseTo(0.3, 12);
    expect(many!.metrics['accuracy']!.low).toBeCloseTo(0.0515862, 5);
    expect(many!.metrics['accuracy']!.high).toBeCloseTo(0.5484138, 5);
  });

  it('are a table and a picture', () => {
    const wide = study({ grid: { 'method.lambda': [0, 1] }, chart: { y: 'accuracy', x: 'method.lambda' } });
    const lines = summarize([measured('before', null, 0.1), measured('GKD | x', 0, 0.25, { 'method.lambda': 0 }), measured('GKD | x', 0, 0.5, { 'method.lambda': 1 })]);
    expect(tableOf(wide, lines)).toBe([
      '|  | lambda | seeds | examples | accuracy |', '| --- | --- | ---: | ---: | ---: |',
      '| before |  |  | 10 | 0.1000 (0.0000 to 0.2000) |',
      '| GKD \\| x | 0 | 1 | 10 | 0.2500 (0.1500 to 0.3500) |', '| GKD \\| x | 1 | 1 | 10 | 0.5000 (0.4000 to 0.6000) |',
    ].join('\n'));
    const picture = pictureOf(wide, lines)!;
    expect(picture.match(/<circle/g)).toHaveLength(2);
    // The better system is higher up.
    const heights = [...picture.matchAll(/<circle cx="[\d.]+" cy="([\d.]+)"/g)].map(([, y]) => Number(y));
    expect(heights[1]).toBeLessThan(heights[0]!);
    expect(pictureOf(study(), lines)!.match(/<circle/g)).toHaveLength(3);
    expect(pictureOf(study({ chart: { y: 'bleu' } }), lines)).toBeNull();
  });
});
