import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { CLI } from '../support/build.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => {
  project = await tinyProject();
  await write('recipe.json', { adapter: { rank: 3, dropout: 0.2 } });
  await run('recipe.json', 'whole');
});
afterAll(() => project.remove());

const at = (...parts: string[]): string => join(project.folder, ...parts);
const write = (file: string, student: Partial<RecipeInput['student']>, changes: Partial<RecipeInput> = {}): Promise<void> =>
  writeFile(at(file), JSON.stringify({ ...project.recipe(changes), student: { model: project.student, ...student } }));

interface Event { event: string; step?: number; loss?: number; message?: string; divergence?: number }

function retort(...args: string[]): ChildProcess {
  return spawn(process.execPath, [CLI, '--home', at('home'), '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
}

/** Follows a command; `onEvent` may kill it. */
async function follow(child: ChildProcess, onEvent: (event: Event) => void = () => undefined): Promise<{ events: Event[]; code: number | null; errors: string }> {
  const events: Event[] = [];
  let errors = '';
  child.stderr!.on('data', (text: Buffer) => { errors += text.toString(); });
  const exited = new Promise<number | null>((resolve) => { child.once('exit', (code) => resolve(code)); });
  for await (const line of createInterface(child.stdout!)) {
    const event = JSON.parse(line) as Event;
    events.push(event);
    onEvent(event);
  }
  return { events, code: await exited, errors };
}

async function run(recipe: string, runDir: string): Promise<Event[]> {
  const { events, code, errors } = await follow(retort('run', at(recipe), '--run-dir', at(runDir)));
  expect(errors).toBe('');
  expect(code).toBe(0);
  return events;
}

const digest = async (path: string): Promise<string> => createHash('sha256').update(await readFile(path)).digest('hex');
const lossesOf = (events: Event[]): number[] => events.flatMap(({ event, loss }) => (event === 'step' ? [loss!] : []));
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

it('killed with SIGKILL and resumed, with dropout, it ends with the adapter of one that was not, to the bit', async () => {
  let child = retort('run', at('recipe.json'), '--run-dir', at('cut'));
  await follow(child, ({ event, step }) => { if (event === 'step' && step === 6) process.kill(-child.pid!, 'SIGKILL'); });
  child = retort('resume', at('cut'));
  await follow(child, ({ event, step }) => { if (event === 'step' && step === 10) process.kill(-child.pid!, 'SIGKILL'); });
  expect((await follow(retort('resume', at('cut')))).events.at(-1)).toMatchObject({ event: 'done', step: 12 });
  for (const file of ['model/adapter_model.safetensors', 'optimizer.safetensors']) expect(await digest(saved('cut', file)), file).toBe(await digest(saved('whole', file)));
});

it('the split into micro-batches changes nothing beyond rounding, dropout included', async () => {
  const train = project.recipe().train;
  await write('small.json', { adapter: { rank: 3, dropout: 0.2 } }, { train: { ...train, steps: 3, microBatchSize: 1 }, checkpoint: { every: 100, keep: 1 } });
  await write('large.json', { adapter: { rank: 3, dropout: 0.2 } }, { train: { ...train, steps: 3, microBatchSize: 6 }, checkpoint: { every: 100, keep: 1 } });
  await write('none.json', { adapter: { rank: 3 } }, { train: { ...train, steps: 3, microBatchSize: 6 }, checkpoint: { every: 100, keep: 1 } });
  const [small, large, none] = [lossesOf(await run('small.json', 'small')), lossesOf(await run('large.json', 'large')), lossesOf(await run('none.json', 'none'))];
  small.forEach((loss, step) => expect(loss).toBeCloseTo(large[step]!, 5));
  // The first step begins with B at zero, where dropout makes no difference.
  expect(Math.abs(none[2]! - large[2]!)).toBeGreaterThan(1e-7);
});

describe('an adapter is a model wherever one is read', () => {
  it('evaluated, it is what its run measured', async () => {
    const model = saved('whole', 'model');
    const { events, errors } = await follow(retort('eval', '--model', model, '--data', project.validation, '--prompt', '{{question}}', '--reference', '{{solution}}', '--metric', 'perplexity'));
    expect(errors).toBe('');
    const merged = at('merged');
    expect((await follow(retort('model', 'merge', at('whole', 'checkpoints', 'step-12'), '--to', merged))).events).toEqual([{ to: merged, precision: 'fp32' }]);
    const whole = await follow(retort('eval', '--model', merged, '--data', project.validation, '--prompt', '{{question}}', '--reference', '{{solution}}', '--metric', 'perplexity'));
    const perplexity = (found: Event[]): number => (found.at(-1) as unknown as { metrics: { perplexity: { value: number } } }).metrics.perplexity.value;
    expect(perplexity(events)).toBeCloseTo(perplexity(whole.events), 4);
    const base = await follow(retort('eval', '--model', project.student, '--data', project.validation, '--prompt', '{{question}}', '--reference', '{{solution}}', '--metric', 'perplexity'));
    expect(Math.abs(perplexity(events) - perplexity(base.events))).toBeGreaterThan(1e-3);
    const again = await follow(retort('model', 'merge', model, '--to', merged));
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
      const { code, errors } = await follow(retort(...args));
      expect([code, errors], args[0]).toEqual([0, '']);
    }
  });

  it('trained on by another run', async () => {
    await write('on.json', { model: saved('whole', 'model') }, { train: { ...project.recipe().train, steps: 2 } });
    await run('on.json', 'on');
    expect(JSON.parse(await readFile(saved('on', 'model/adapter_config.json', 2), 'utf8'))).toMatchObject({ r: 3, lora_alpha: 6, lora_dropout: 0.2, base_model_name_or_path: project.student });
    await write('other.json', { model: saved('whole', 'model'), adapter: { rank: 5 } });
    const refused = await follow(retort('run', at('other.json'), '--run-dir', at('other')));
    expect([refused.code, refused.errors]).toEqual([2, expect.stringContaining('has rank 3 and alpha 6')]);
  });

  it('refused beside another base model, and where that is gone', async () => {
    await cp(saved('whole', 'model'), at('moved'), { recursive: true });
    const config = JSON.parse(await readFile(at('moved/adapter_config.json'), 'utf8')) as object;
    const beside = async (base: string): Promise<string> => {
      await writeFile(at('moved/adapter_config.json'), JSON.stringify({ ...config, base_model_name_or_path: base }));
      return (await follow(retort('generate', '--model', at('moved'), '--prompt', '1+1=', '--max-new-tokens', '4'))).errors;
    };
    expect(await beside(project.teacher)).toContain('beside other weights');
    expect(await beside('gone')).toContain('its base model gone is not there');
    await cp(project.student, at('moved/base'), { recursive: true });
    expect(await beside('base')).toBe('');
    await rm(at('moved'), { recursive: true });
  });
});

it('the student\'s own base teaches it, in one copy', async () => {
  await write('self.json', { adapter: { rank: 2 } }, { teacher: { model: project.student }, method: { preset: 'gkd', lambda: 1 }, train: { ...project.recipe().train, steps: 2, learningRate: 1e-3 } });
  const events = await run('self.json', 'self');
  // B is zero: student and teacher agree at every token.
  expect(lossesOf(events)[0]).toBeLessThan(1e-9);
});

it.each(['fp16', 'int8', 'int4'] as const)('a base in %s is trained beside, and its own teacher, and goes on to the bit', async (precision) => {
  const changes = { teacher: { model: project.student, precision }, train: { ...project.recipe().train, steps: 4 }, checkpoint: { every: 2, keep: 3 } };
  await write(`${precision}.json`, { adapter: { rank: 2 }, precision }, changes);
  const events = await run(`${precision}.json`, precision);
  // B is zero: student and teacher agree at every token of the first step, and no more at the last.
  expect(lossesOf(events)[0]).toBeLessThan(1e-6);
  const whole = await digest(saved(precision, 'model/adapter_model.safetensors', 4));
  expect((await follow(retort('resume', at(precision), '--step', '2'))).events.at(-1)).toMatchObject({ event: 'done', step: 4 });
  expect(await digest(saved(precision, 'model/adapter_model.safetensors', 4))).toBe(whole);
});

it('a precision without an adapter is refused before the run', async () => {
  await write('half.json', { precision: 'fp16' });
  const { code, errors } = await follow(retort('run', at('half.json'), '--run-dir', at('half')));
  expect([code, errors]).toEqual([2, expect.stringContaining('student.precision is fp16, and the whole student is trained')]);
});
