import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exercise } from '../../resources/sample/task.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';

/** Updates on exercises of its own, for the sample's few teach a student of this width to repeat them: it has learned how a solution looks and often slips. */
const STEPS = 800;
const EXERCISES = 24_000;

/**
 * The sample's student at width 256, where every matrix is rounded in whole blocks of GGUF's K types.
 * @param work  a folder for what is left over
 */
export function makeWideStudent(cli: string, sample: string, work: string, to: string): void {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const retort = (...args: string[]): void => void execFileSync(process.execPath, [cli, '--home', join(work, 'home'), ...args], { maxBuffer: 2 ** 30, env: { ...process.env, RETORT_THREADS: '1' } });
  const config = { ...JSON.parse(readFileSync(join(sample, 'student/config.json'), 'utf8')) as object, hidden_size: 256, intermediate_size: 256 };
  writeFileSync(join(work, 'config.json'), JSON.stringify(config));
  retort('model', 'init', '--config', join(work, 'config.json'), '--tokenizer', join(sample, 'student'), '--to', join(work, 'start'));
  writeFileSync(join(work, 'train.jsonl'), Array.from({ length: EXERCISES }, (_, at) => JSON.stringify(exercise(1, at))).join('\n'));
  const gkd = JSON.parse(readFileSync(join(sample, 'recipes/gkd.json'), 'utf8')) as RecipeInput;
  const recipe: RecipeInput = {
    name: 'wide student', student: { model: join(work, 'start') }, data: { ...gkd.data, train: join(work, 'train.jsonl'), validation: join(sample, 'dev.jsonl') },
    method: { preset: 'sft' }, train: { steps: STEPS, batchSize: 32, learningRate: 0.002, schedule: 'cosine', warmupSteps: 50 }, evaluate: { ...gkd.evaluate, every: STEPS }, checkpoint: { every: STEPS, keep: 1 },
  };
  writeFileSync(join(work, 'recipe.json'), JSON.stringify(recipe));
  retort('run', join(work, 'recipe.json'), '--run-dir', join(work, 'run'));
  cpSync(join(work, 'run', 'checkpoints', `step-${STEPS}`, 'model'), to, { recursive: true });
}
