import { createHash } from 'node:crypto';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { createKernel } from '../../src-main/distill/optimizers/kernel/kernel.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { SafetensorsFile } from '../../src-main/model/safetensors-read.ts';
import { writeSafetensors } from '../../src-main/model/safetensors-write.ts';
import { listMatrices, listParameters } from '../../src-main/nn/build.ts';
import { command, type Followed, type KillPlace, type Told } from '../support/command.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let told: Measured[];
beforeAll(async () => {
  project = await tinyProject();
  // The wider of the two models has whole blocks.
  await write('recipe.json', { model: project.teacher, ship: 'q8_0' }, { evaluate: { metrics: ['perplexity'] } });
  told = await run('recipe.json', 'whole');
});
afterAll(() => project.remove());

const at = (...parts: string[]): string => join(project.folder, ...parts);
const write = (file: string, student: RecipeInput['student'], changes: Partial<RecipeInput> = {}): Promise<void> => (
  writeFile(at(file), JSON.stringify({ ...project.recipe(changes), student })));

interface Measured extends Told { metrics?: { perplexity?: { value: number } } }

const retort = (args: readonly string[], place?: KillPlace): Promise<Followed> => command(at('home'), args, place);

async function run(recipe: string, runDir: string): Promise<Measured[]> {
  const { events, code, errors } = await retort(['run', at(recipe), '--run-dir', at(runDir)]);
  expect([code, errors]).toEqual([0, '']);
  return events;
}

const saved = (runDir: string, file: string): string => at(runDir, 'checkpoints', 'step-12', file);
const digest = async (path: string): Promise<string> => createHash('sha256').update(await readFile(path)).digest('hex');

it('killed with SIGKILL and resumed it ends with the weights of one that was not, to the bit', async () => {
  expect((await retort(['run', at('recipe.json'), '--run-dir', at('cut')], 'step 6')).signal).toBe('SIGKILL');
  expect((await retort(['resume', at('cut')])).events.at(-1)).toMatchObject({ event: 'done', step: 12 });
  for (const file of ['model/model.safetensors', 'optimizer.safetensors']) expect(await digest(saved('cut', file)), file).toBe(await digest(saved('whole', file)));
});

it('a run measures what its file will be, and its checkpoint keeps the exact weights', async () => {
  const measuredOf = async (model: string): Promise<number> => {
    await write('plain.json', { model }, { evaluate: { metrics: ['perplexity'] }, train: { ...project.recipe().train, steps: 1, warmupSteps: 0 } });
    await rm(at('plain'), { recursive: true, force: true });
    return (await run('plain.json', 'plain')).find(({ event }) => event === 'evaluation')!.metrics!.perplexity!.value;
  };
  const exact = saved('whole', 'model');
  const rounded = await inQ8(exact, at('rounded'));
  const measured = told.findLast(({ event }) => event === 'evaluation')!.metrics!.perplexity!.value;
  expect(measured).toBeCloseTo(await measuredOf(rounded), 6);
  expect(Math.abs(measured - await measuredOf(exact))).toBeGreaterThan(1e-5);
});

it('an adapter beside frozen weights is refused, in words', async () => {
  await write('adapter.json', { model: project.student, adapter: {}, ship: 'int4' });
  const { code, errors } = await retort(['run', at('adapter.json'), '--run-dir', at('adapter')]);
  expect([code, errors]).toEqual([2, expect.stringContaining('student.ship is int4, and the student trains an adapter, beside weights that stay as they are.')]);
});

/** A model folder whose matrices are what a Q8_0 file gives back. */
async function inQ8(model: string, to: string): Promise<string> {
  await cp(model, to, { recursive: true });
  const { config } = await openModel(model);
  const matrices = new Map(listMatrices(config).map((matrix) => [matrix.name, matrix]));
  const file = await SafetensorsFile.open(join(model, 'model.safetensors'));
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
  const kernel = createKernel(memory);
  const tensors = [];
  for (const { name, shape } of listParameters(config)) {
    const data = new Float32Array(shape.reduce((size, dim) => size * dim, 1));
    await file.read(name, data);
    const [rows, width] = shape as [number, number];
    if (matrices.has(name)) {
      new Float32Array(memory.buffer).set(data);
      kernel.roundQ8_0(0, 2 ** 16, rows, width, 4 * width, 4);
      data.set(new Float32Array(memory.buffer, 2 ** 16, data.length));
    }
    tensors.push({ name, shape, data });
  }
  await rm(join(to, 'model.safetensors'));
  await writeSafetensors(join(to, 'model.safetensors'), tensors, 'F32');
  return to;
}
