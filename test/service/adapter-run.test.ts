import { createHash } from 'node:crypto';
import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { command, type Followed, type Told } from '../support/command.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => {
  project = await tinyProject();
  await train('whole', { adapter: { rank: 3, dropout: 0.2 } });
});
afterAll(() => project.remove());

const at = (...parts: string[]): string => join(project.folder, ...parts);
const recipeOf = (student: Partial<RecipeInput['student']>, changes: Partial<RecipeInput> = {}): RecipeInput => (
  { ...project.recipe(changes), student: { model: project.student, ...student } });
const retort = (...args: string[]): Promise<Followed> => command(at('home'), args);

/** A run into a folder of its name, in this process. */
async function train(runDir: string, student: Partial<RecipeInput['student']>, changes: Partial<RecipeInput> = {}): Promise<Told[]> {
  const events: Told[] = [];
  await runJob({
    recipe: parseRecipe(recipeOf(student, changes), 'test'), runDir: at(runDir), runId: runDir, isResumed: false, stopRequest: () => null,
    emit: (event) => { events.push(event as Told); },
  });
  return events;
}

const digest = async (path: string): Promise<string> => createHash('sha256').update(await readFile(path)).digest('hex');
const lossesOf = (events: Told[]): number[] => events.flatMap(({ event, loss }) => (event === 'step' ? [loss!] : []));
const saved = (runDir: string, file: string, step = 12): string => at(runDir, 'checkpoints', `step-${step}`, file);

it('a checkpoint holds the adapter alone, in PEFT\'s layout, and the student is untouched', async () => {
  expect((await readdir(saved('whole', 'model'))).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors', 'retort-base.json']);
  expect(JSON.parse(await readFile(saved('whole', 'model/adapter_config.json'), 'utf8'))).toMatchObject({
    peft_type: 'LORA', r: 3, lora_alpha: 6, lora_dropout: 0.2, bias: 'none', fan_in_fan_out: false, base_model_name_or_path: project.student,
    target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
  });
  expect(JSON.parse(await readFile(saved('whole', 'model/retort-base.json'), 'utf8'))).toEqual({
    files: { 'model.safetensors': { bytes: (await stat(join(project.student, 'model.safetensors'))).size, sha256: await digest(join(project.student, 'model.safetensors')) } },
  });
});

it('the split into micro-batches changes nothing beyond rounding, dropout included', async () => {
  const of = (microBatchSize: number): Partial<RecipeInput> => ({ train: { ...project.recipe().train, steps: 3, microBatchSize }, checkpoint: { every: 100, keep: 1 } });
  const small = lossesOf(await train('small', { adapter: { rank: 3, dropout: 0.2 } }, of(1)));
  const large = lossesOf(await train('large', { adapter: { rank: 3, dropout: 0.2 } }, of(6)));
  const none = lossesOf(await train('none', { adapter: { rank: 3 } }, of(6)));
  small.forEach((loss, step) => expect(loss).toBeCloseTo(large[step]!, 5));
  // The first step begins with B at zero, where dropout makes no difference.
  expect(Math.abs(none[2]! - large[2]!)).toBeGreaterThan(1e-7);
});

describe('an adapter is a model wherever one is read', () => {
  it('evaluated, it is what its run measured', async () => {
    const model = saved('whole', 'model');
    const { events, errors } = await retort('eval', '--model', model, '--data', project.validation, '--prompt', '{{question}}', '--reference', '{{solution}}', '--metric', 'perplexity');
    expect(errors).toBe('');
    const merged = at('merged');
    expect((await retort('model', 'merge', at('whole', 'checkpoints', 'step-12'), '--to', merged)).events).toEqual([{ to: merged, precision: 'fp32' }]);
    const whole = await retort('eval', '--model', merged, '--data', project.validation, '--prompt', '{{question}}', '--reference', '{{solution}}', '--metric', 'perplexity');
    const perplexity = (found: Told[]): number => (found.at(-1) as unknown as { metrics: { perplexity: { value: number } } }).metrics.perplexity.value;
    expect(perplexity(events)).toBeCloseTo(perplexity(whole.events), 4);
    const base = await retort('eval', '--model', project.student, '--data', project.validation, '--prompt', '{{question}}', '--reference', '{{solution}}', '--metric', 'perplexity');
    expect(Math.abs(perplexity(events) - perplexity(base.events))).toBeGreaterThan(1e-3);
    const again = await retort('model', 'merge', model, '--to', merged);
    expect([again.code, again.errors]).toEqual([2, expect.stringContaining('exists already')]);
  });

  it('generated with, inspected, compared and exported', async () => {
    const model = saved('whole', 'model');
    for (const args of [
      ['generate', '--model', model, '--prompt', '1+1=', '--max-new-tokens', '4'],
      ['inspect', '--teacher', project.teacher, '--student', model, '--data', project.validation, '--prompt', '{{question}}', '--examples', '2', '--max-new-tokens', '4'],
      ['compare', '--models', `${project.student},${model}`, '--data', project.validation, '--prompt', '{{question}}', '--examples', '2', '--max-new-tokens', '4'],
      ['export', '--model', model, '--to', at('exported'), '--precision', 'fp32'],
      ['model', 'show', model],
    ]) {
      const { code, errors } = await retort(...args);
      expect([code, errors], args[0]).toEqual([0, '']);
    }
  });

  it('trained on by another run', async () => {
    await train('on', { model: saved('whole', 'model') }, { train: { ...project.recipe().train, steps: 2 } });
    expect(JSON.parse(await readFile(saved('on', 'model/adapter_config.json', 2), 'utf8'))).toMatchObject({ r: 3, lora_alpha: 6, lora_dropout: 0.2, base_model_name_or_path: project.student });
    await expect(train('other', { model: saved('whole', 'model'), adapter: { rank: 5 } })).rejects.toThrow('has rank 3 and alpha 6');
  });

  it('refused beside another base model, and where that is gone', async () => {
    await cp(saved('whole', 'model'), at('moved'), { recursive: true });
    const config = JSON.parse(await readFile(at('moved/adapter_config.json'), 'utf8')) as object;
    const beside = async (base: string): Promise<string> => {
      await writeFile(at('moved/adapter_config.json'), JSON.stringify({ ...config, base_model_name_or_path: base }));
      return (await retort('generate', '--model', at('moved'), '--prompt', '1+1=', '--max-new-tokens', '4')).errors;
    };
    expect(await beside(project.teacher)).toContain('beside other weights');
    expect(await beside('gone')).toContain('its base model gone is not there');
    await cp(project.student, at('moved/base'), { recursive: true });
    expect(await beside('base')).toBe('');
    await rm(at('moved'), { recursive: true });
  });
});

it('the student\'s own base teaches it, in one copy', async () => {
  const events = await train('self', { adapter: { rank: 2 } }, { teacher: { model: project.student }, method: { preset: 'gkd', lambda: 1 }, train: { ...project.recipe().train, steps: 2, learningRate: 1e-3 } });
  // B is zero: student and teacher agree at every token.
  expect(lossesOf(events)[0]).toBeLessThan(1e-9);
});

it.each(['fp16', 'int8', 'int4'] as const)('a base in %s is trained beside, and its own teacher', async (precision) => {
  const events = await train(precision, { adapter: { rank: 2 }, precision }, { teacher: { model: project.student, precision }, train: { ...project.recipe().train, steps: 2 } });
  // B is zero: student and teacher agree at every token of the first step.
  expect(lossesOf(events)[0]).toBeLessThan(1e-6);
});

it('a precision without an adapter is refused before the run', async () => {
  await writeFile(at('half.json'), JSON.stringify(recipeOf({ precision: 'fp16' })));
  const { code, errors } = await retort('run', at('half.json'), '--run-dir', at('half'));
  expect([code, errors]).toEqual([2, expect.stringContaining('student.precision is fp16, and the whole student is trained')]);
});
