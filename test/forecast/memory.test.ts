import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memory as memoryCheck } from '../../src-main/checks/memory.ts';
import type { MemoryOutlook } from '../../src-main/checks/needs.ts';
import type { MemoryForecast } from '../../src-main/contract/forecast.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { workingBytes } from '../../src-main/graph/onnx/working-memory.ts';
import { planRun } from '../../src-main/graph/onnx/write.ts';
import { exp, mul, neg } from '../../src-main/graph/ops/elementwise.ts';
import { reshape, split } from '../../src-main/graph/ops/layout.ts';
import { sum } from '../../src-main/graph/ops/reduce.ts';
import { softmax } from '../../src-main/graph/ops/softmax.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { countParameters, listMatrices } from '../../src-main/nn/build.ts';
import { openWholeModel } from '../../src-main/model/load-model.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { materialOf } from '../../src-main/service/run/look/material.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

const outlook = (changes: Partial<RecipeInput> = {}): Promise<MemoryOutlook> => materialOf(parseRecipe(project.recipe(changes), 'test'), project.folder).memory();
const forecast = async (changes: Partial<RecipeInput> = {}): Promise<MemoryForecast> => (await outlook(changes)).forecast;
const train = (changes: object): Partial<RecipeInput> => ({ train: { ...project.recipe().train, ...changes } });

describe('what a graph works in', () => {
  it('is what lives at once, in the order of the runtime', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [1000]);
    // a lives until the end, c is made beside b, and d lies where b was: three at once, the output aside.
    const a = exp(x);
    const b = neg(a);
    const c = exp(b);
    const d = neg(c);
    const y = mul(d, a);
    expect(workingBytes(planRun({ y }, { weights: 'inputs' }))).toBe(3 * 4000);
  });

  it('is used again by what is written over it', () => {
    const graph = new Graph();
    const y = neg(softmax(exp(graph.input('x', 'float32', [10, 100]))));
    expect(workingBytes(planRun({ y }, { weights: 'inputs' }))).toBe(4000);
  });

  it('is held for each shape by itself, and what only looks at it otherwise takes nothing', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [1000]);
    // A tensor of 1000, one of as many elements in another shape that is the same memory, and one of 500 that gets its own.
    const halves = split(reshape(exp(x), [2, 500]), 0, [1, 1]);
    const y = sum(mul(halves[0]!, neg(halves[1]!)));
    expect(workingBytes(planRun({ y }, { weights: 'inputs' }))).toBe(4000 + 2 * 2000);
  });

  it('does not count what whoever runs it brings', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [1000]);
    expect(workingBytes(planRun({ y: neg(x) }, { weights: 'inputs' }))).toBe(0);
    expect(workingBytes(planRun({ y: sum(exp(x)) }, { weights: 'inputs' }))).toBe(4000);
  });
});

describe('the memory of a run', () => {
  it('has weights, gradients and moments of what is trained', async () => {
    const bytes = 4 * countParameters((await openWholeModel(project.student)).parameters);
    expect((await forecast()).parts).toMatchObject({ weights: bytes, gradients: bytes, moments: 2 * bytes });
    const { moments } = (await forecast(train({ optimizer: 'adafactor' }))).parts;
    expect(moments).toBeLessThan(bytes / 2);
    expect(moments).toBeGreaterThan(0);
  });

  it('has the teacher in its precision, and none where none is asked', async () => {
    const bytes = 4 * countParameters((await openWholeModel(project.teacher)).parameters);
    expect((await forecast()).parts.teacher).toBe(bytes);
    expect((await forecast({ teacher: { model: project.teacher, precision: 'int8' } })).parts.teacher).toBeLessThan(bytes);
    expect((await forecast({ method: { preset: 'sft' } })).parts.teacher).toBe(0);
  });

  it('has a packed copy and a cache only where somebody writes', async () => {
    const weights = 4 * countParameters((await openWholeModel(project.student)).parameters);
    expect((await forecast()).parts).toMatchObject({ decoding: weights });
    expect((await forecast({ method: { preset: 'sft' } })).parts).toMatchObject({ decoding: 0, cache: 0 });
    expect((await forecast({ method: { preset: 'sft' }, evaluate: { metrics: ['exact-match'] } })).parts.decoding).toBe(weights);
    const minillm = await forecast({ method: { preset: 'minillm' } });
    const matrices = listMatrices((await openWholeModel(project.teacher)).folder.config);
    expect(minillm.parts.decoding).toBe(weights + 4 * matrices.reduce((sum, { shape: [rows, width] }) => sum + rows * width, 0));
  });

  it('grows with the micro-batch, and not with the batch', async () => {
    const of = async (changes: object): Promise<number> => (await forecast(train({ batchSize: 12, ...changes }))).parts.activations;
    const [one, four] = [await of({ microBatchSize: 1 }), await of({ microBatchSize: 4 })];
    expect(four).toBeGreaterThan(2 * one);
    expect(await of({ microBatchSize: 4, batchSize: 24 })).toBe(four);
  });

  it('adds writing to what a small model has learned in, which stays for the next step', async () => {
    const { parts, peak } = await forecast();
    const { weights, gradients, moments, teacher, runtime, activations, decoding, cache } = parts;
    expect(peak).toBe(weights + gradients + moments + teacher + runtime + activations + decoding + cache);
  });

  it('counts a teacher that is kept on the disk, or takes its turn, apart from the student', async () => {
    const of = async (cache: boolean, phases: boolean): Promise<number> => (await forecast({
      ...train({ microBatchSize: 1, phases }), teacher: { model: project.teacher, cache }, method: { preset: 'supervised-kd' },
    })).peak;
    const [together, turns, kept] = [await of(false, false), await of(false, true), await of(true, false)];
    expect(turns).toBeLessThan(together);
    expect(kept).toBeLessThan(together);
  });

  it('is known although the data is not', async () => {
    const broken = await forecast({ data: { ...project.recipe().data, train: '/no/data.jsonl' } });
    expect(broken.parts.weights).toBe((await forecast()).parts.weights);
  });
});

describe('what would make a run fit', () => {
  it('is offered where the machine has too little', async () => {
    const { forecast: found, remedies } = await outlook();
    const given = { memory: { forecast: { ...found, free: 100, total: 1000 }, remedies: async () => [{ label: 'Compute one example at once', patch: { train: { microBatchSize: 1 } }, peak: 500 * 2 ** 20 }, ...await remedies()] } };
    const [problem] = await memoryCheck.look(given as never) ?? [];
    expect(problem).toMatchObject({ level: 'problem', code: 'memory' });
    expect(problem!.message).toMatch(/^The run needs about \d.* of memory \(.*runtime.*\), and this machine has 1 KiB\.$/);
    expect(problem!.hint).toContain('train.microBatchSize 1 (0.5 GiB)');
    expect(problem!.mends![0]).toEqual({ label: 'Compute one example at once (0.5 GiB)', patch: { train: { microBatchSize: 1 } } });
    const roomy = { memory: { forecast: { ...found, free: found.peak - 1, total: 2 * found.peak }, remedies: () => [] } };
    expect(await memoryCheck.look(roomy as never)).toMatchObject([{ level: 'notice' }]);
    const fitting = { memory: { forecast: { ...found, free: found.peak, total: found.peak }, remedies: () => [] } };
    expect(await memoryCheck.look(fitting as never)).toBeUndefined();
  });
});
