/**
 * Trained as shipped against quantized afterwards, on the sample project:
 *
 *     npx tsx docs/paper/shipped.ts FOLDER [SEED ...] [--types q4_0,int4] [--wide]
 *
 * `--wide` takes a student of width 256 (`wide-student.ts`), for types of GGUF that round in blocks of 256. For each seed the sample's GKD recipe is run in float32 and as each file will be; then the float32 student is
 * evaluated as each file would have it. What is in FOLDER already is not computed again. Prints a table of accuracies in percent,
 * and of what quantizing costs, with 95% intervals over the seeds (Student's t).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { SHIPPED_TYPES, type ShippedType } from '../../src-main/contract/ship.ts';
import { makeWideStudent } from './wide-student.ts';

const { positionals: [folder = 'shipped', ...given], values } = parseArgs({ allowPositionals: true, options: { types: { type: 'string' }, wide: { type: 'boolean' } } });
const seeds = given.length > 0 ? given.map(Number) : [0, 1, 2, 3, 4];
const sample = fileURLToPath(new URL('../../resources/sample/', import.meta.url));
const cli = fileURLToPath(new URL('../../out/main/cli.js', import.meta.url));
const recipe = JSON.parse(readFileSync(join(sample, 'recipes/gkd.json'), 'utf8')) as RecipeInput;
const at = (...parts: string[]): string => resolve(folder, ...parts);
mkdirSync(at('.'), { recursive: true });

/** The accuracy of a run's first or last evaluation. */
function run(name: string, which: 'first' | 'last', changes: Partial<RecipeInput>): number {
  const told = at(`${name}.jsonl`);
  if (!existsSync(told)) {
    rmSync(at(name), { recursive: true, force: true });
    const whole = {
      ...recipe, teacher: { model: join(sample, 'teacher') }, data: { ...recipe.data, train: join(sample, 'train.jsonl'), validation: join(sample, 'dev.jsonl') },
      evaluate: { ...recipe.evaluate, every: recipe.train!.steps! }, ...changes, name,
    };
    writeFileSync(at(`${name}.json`), JSON.stringify(whole));
    const output = execFileSync(process.execPath, [cli, '--home', at('home'), '--json', 'run', at(`${name}.json`), '--run-dir', at(name)], { maxBuffer: 2 ** 30, env: { ...process.env, RETORT_THREADS: '1' } });
    writeFileSync(told, output.toString().split('\n').filter((line) => line.includes('"evaluation"')).join('\n'));
  }
  const events = readFileSync(told, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { metrics: { accuracy: { value: number } } });
  return 100 * events.at(which === 'first' ? 0 : -1)!.metrics.accuracy.value;
}

if (values.wide && !existsSync(at('student'))) makeWideStudent(cli, sample, at('wide'), at('student'));
const student = { model: values.wide ? at('student') : join(sample, 'student') };
const exact = seeds.map((seed) => run(`exact-${seed}`, 'last', { seed, student }));
/** Those with fewer bits first: they are asked about most. */
const TYPES = values.types?.split(',') as ShippedType[] | undefined ?? [...SHIPPED_TYPES].sort((a, b) => Number(a.includes('8')) - Number(b.includes('8')));
const found = TYPES.map((type) => ({
  type,
  // Evaluated before its first step, and stopped after it.
  afterwards: seeds.map((seed) => run(`afterwards-${type}-${seed}`, 'first', { seed, student: { model: at(`exact-${seed}`, 'checkpoints', 'step-200', 'model'), ship: type }, train: { ...recipe.train, steps: 1, warmupSteps: 0 } })),
  shipped: seeds.map((seed) => run(`shipped-${type}-${seed}`, 'last', { seed, student: { ...student, ship: type } })),
}));

/** Student's t for 95%, by degrees of freedom. */
const T = [NaN, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
function interval(values: readonly number[]): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  const half = T[values.length - 1]! * deviation / Math.sqrt(values.length);
  return `${mean.toFixed(1)}${Number.isFinite(half) ? ` (${(mean - half).toFixed(1)} to ${(mean + half).toFixed(1)})` : ''}`;
}

console.log(`Seeds ${seeds.join(', ')}; float32: ${interval(exact)}\n`);
console.log('| file | quantized afterwards | loses | trained as shipped | loses |\n| --- | ---: | ---: | ---: | ---: |');
const lost = (values: readonly number[]): string => interval(values.map((value, index) => exact[index]! - value));
for (const { type, afterwards, shipped } of found) console.log(`| ${type} | ${interval(afterwards)} | ${lost(afterwards)} | ${interval(shipped)} | ${lost(shipped)} |`);
