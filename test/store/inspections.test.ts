import { describe, expect, it } from 'vitest';
import { COMPARED_DIVERGENCES, TOKEN_NUMBERS, type MeasuredSample, type SampleFilter, type SampleQuery } from '../../src-main/contract/inspection.ts';
import { decodeSchema } from '../../src-main/contract/recipe.ts';
import { insertSamples, readSample } from '../../src-main/store/inspected-samples.ts';
import { trimInspection } from '../../src-main/store/inspection-budget.ts';
import { placeOfSample, readDistributions, readSampleRows } from '../../src-main/store/inspection-query.ts';
import { createInspection, findInspection, removeInspection } from '../../src-main/store/inspections.ts';
import type { Database } from '../../src-main/store/sqlite.ts';
import { historyWithRun } from './fixtures.ts';

/** A text of `length` tokens whose numbers are all `level`, with forks at the given places. */
function measured(example: number, length: number, level: number, forks: Partial<MeasuredSample['forks'][number]>[] = []): MeasuredSample {
  return {
    example, step: null, prompt: `question ${example}`, turns: null, completion: `answer ${example} 50%`, reference: null, ended: true,
    promptTokens: Int32Array.of(5, 6), tokens: Int32Array.from({ length }, (_, at) => at), texts: Array.from({ length }, (_, at) => `t${at}`),
    numbers: new Float32Array(TOKEN_NUMBERS.length * length).fill(level), roles: Array.from({ length }, (_, at) => (forks.some(({ position }) => position === at) ? 'fork' : 'agreed')),
    forks: forks.map((fork) => ({ position: 0, kind: 'number', gap: 3, text: '4', wanted: '5', continuation: '5;', ...fork })),
  };
}

async function withSamples(samples: MeasuredSample[], budget?: number): Promise<Database> {
  const database = await historyWithRun();
  await createInspection(database, {
    id: 'i', created: 1, title: 'a', run: 'a', step: 4, teacher: '/t', student: '/s',
    settings: { source: { kind: 'validation' }, examples: 10, beta: 0.5, maxNewTokens: 8, decode: decodeSchema.parse({}), seed: 0 },
  });
  await database.transaction((queries) => insertSamples(queries, 'i', samples, budget));
  return database;
}

const query = (changes: Partial<SampleQuery> = {}): SampleQuery => ({ order: 'example', descending: false, divergence: 'jsd', filter: {}, offset: 0, limit: 10, ...changes });

describe('an inspection', () => {
  const samples = [
    measured(0, 4, 0.1, [{ position: 1, gap: 4 }, { position: 3, kind: 'format', gap: 9, text: ',', wanted: ';' }]),
    measured(1, 6, 0.4),
    measured(2, 2, 0.2, [{ position: 1, gap: 6, wanted: '7' }]),
    measured(3, 40, 0.3, [{ position: 39, kind: 'missing-end', gap: 5, text: ';', wanted: '</s>' }]),
  ];

  it('sorts, filters, searches and pages its samples', async () => {
    const database = await withSamples(samples);
    const found = async (changes: Partial<SampleQuery>): Promise<number[]> => (await readSampleRows(database, 'i', query(changes))).samples.map(({ example }) => example);
    const by = (filter: SampleFilter): Promise<number[]> => found({ filter });
    expect(await found({ order: 'fork', descending: true })).toEqual([0, 2, 3, 1]);
    expect(await found({ order: 'divergence', descending: true })).toEqual([1, 3, 2, 0]);
    expect(await found({ order: 'length' })).toEqual([2, 0, 1, 3]);
    // Those without a fork come last whichever way.
    expect(await found({ order: 'position' })).toEqual([0, 2, 3, 1]);
    expect(await by({ kind: 'number' })).toEqual([0, 2]);
    // Both must hold of one fork.
    expect(await by({ kind: 'number', wanted: ';' })).toEqual([]);
    expect(await by({ token: '4', wanted: '7' })).toEqual([2]);
    expect(await by({ position: [2, 50] })).toEqual([0, 3]);
    expect(await by({ length: [4, 6] })).toEqual([0, 1]);
    expect(await by({ search: 'ANSWER 2' })).toEqual([2]);
    expect(await by({ search: '5_%' })).toEqual([]);
    const page = await readSampleRows(database, 'i', query({ offset: 1, limit: 2 }));
    expect(page).toMatchObject({ total: 4, samples: [{ example: 1, worstFork: null }, { example: 2, forks: 1 }] });
    const [worst] = (await readSampleRows(database, 'i', query({ order: 'fork', descending: true }))).samples;
    expect(worst!.worstFork).toEqual({ position: 3, kind: 'format', gap: 9, text: ',', wanted: ';', before: 't0t1t2', after: '' });
    expect(await placeOfSample(database, 'i', query({ order: 'fork', descending: true }), worst!.id)).toBe(0);
    expect(await placeOfSample(database, 'i', query({ filter: { kind: 'number' } }), 99)).toBeNull();
  });

  it('counts what its forks are and where; a distribution leaves its own filter out', async () => {
    const database = await withSamples(samples);
    const all = await readDistributions(database, 'i', {});
    expect(all.kinds).toEqual([{ kind: 'number', count: 2 }, { kind: 'format', count: 1 }, { kind: 'missing-end', count: 1 }]);
    expect(all.tokens[0]).toEqual({ text: '4', count: 2, gap: 5 });
    expect(all.positions.reduce((sum, { count }) => sum + count, 0)).toBe(4);
    expect(all.positions[0]).toEqual({ from: 0, to: 1, count: 2 });
    expect(all.lengths.reduce((sum, { count }) => sum + count, 0)).toBe(4);
    const some = await readDistributions(database, 'i', { kind: 'number', length: [1, 3] });
    expect(some.kinds).toEqual([{ kind: 'number', count: 1 }]);
    expect(some.wanted).toEqual([{ text: '7', count: 1, gap: 6 }]);
    expect(some.lengths.reduce((sum, { count }) => sum + count, 0)).toBe(2);
    expect((await readDistributions(database, 'i', { kind: 'number' })).kinds).toHaveLength(3);
  });

  it('gives every number of a token back', async () => {
    const sample = measured(7, 3, 0, [{ position: 2 }]);
    sample.numbers.forEach((_, at) => { sample.numbers[at] = at / 8; });
    const database = await withSamples([{ ...sample, turns: [{ role: 'user', content: 'q' }] }]);
    const [row] = (await readSampleRows(database, 'i', query())).samples;
    const read = await readSample(database, row!.id);
    expect(read.promptTokens).toEqual(Int32Array.of(5, 6));
    expect(read.turns).toEqual([{ role: 'user', content: 'q' }]);
    expect(read.tokens.map(({ role }) => role)).toEqual(['agreed', 'agreed', 'fork']);
    TOKEN_NUMBERS.forEach((name, number) => expect(read.tokens.map((token) => token[name])).toEqual([0, 1, 2].map((at) => (number * 3 + at) / 8)));
    expect(read.forks).toEqual(sample.forks);
    expect(row!.divergence).toBeCloseTo((COMPARED_DIVERGENCES.indexOf('jsd') * 3 + 1) / 8);
  });

  it('keeps to its budget by giving up what is nearest to the teacher, and says so', async () => {
    const many = Array.from({ length: 400 }, (_, at) => measured(at, 20, at / 400, at % 10 === 0 ? [{ position: 3, gap: at }] : []));
    const database = await withSamples(many);
    const { bytes } = await findInspection(database, 'i');
    await database.transaction((queries) => trimInspection(queries, 'i', bytes / 4));
    const after = await readSampleRows(database, 'i', query({ order: 'fork', descending: true, limit: 400 }));
    const { dropped } = await findInspection(database, 'i');
    expect(dropped).toBe(400 - after.total);
    expect(after.total).toBeGreaterThan(80);
    expect(after.total).toBeLessThan(100);
    // Every fork is still there, and of the others the farthest.
    expect(after.samples.filter(({ forks }) => forks > 0)).toHaveLength(40);
    expect(Math.min(...after.samples.filter(({ forks }) => forks === 0).map(({ example }) => example))).toBeGreaterThan(300);
    const { forks } = (await database.get<{ forks: number }>('SELECT count(*) AS forks FROM forks'))!;
    expect(forks).toBe(40);
  });

  it('takes everything with it when it goes', async () => {
    const database = await withSamples(samples);
    await removeInspection(database, 'i');
    for (const table of ['inspectedSamples', 'inspectedTokens', 'forks']) {
      expect(await database.get(`SELECT count(*) AS rows FROM ${table}`)).toEqual({ rows: 0 });
    }
  });
});
