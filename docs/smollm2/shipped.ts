/**
 * SmolLM2-135M as it will be shipped: its own teacher, its weights rounded to 4 bits.
 *
 *     npx tsx docs/smollm2/shipped.ts SmolLM2-135M-Instruct.Q4_1.gguf multi30k.train.jsonl.gz FOLDER [SEED ...]
 *
 * For each seed it learns from its own texts and the teacher's (GKD) as the file will be. In float32 there is nothing to learn from
 * oneself, so what the untrained weights lose by rounding is what rounding afterwards would. Perplexity and divergence from the
 * teacher on held-out texts. What is in FOLDER already is not computed again, and a run that was stopped goes on.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import type { ShippedType } from '../../src-main/contract/ship.ts';

const [gguf, captions, folder, ...given] = process.argv.slice(2) as [string, string, string, ...string[]];
const seeds = given.length > 0 ? given.map(Number) : [0];
const TYPE: ShippedType = 'q4_0';
const STEPS = 32;
const PROMPT = 'Tell in two sentences what happens next: {{caption}}';
const PARTS = ['01', '02', '03', '13'];

const here = fileURLToPath(new URL('.', import.meta.url));
const at = (...parts: string[]): string => resolve(folder, ...parts);
const retort = (...args: string[]): string => execFileSync(process.execPath, [join(here, '../../out/main/cli.js'), '--home', at('home'), '--json', ...args], { maxBuffer: 2 ** 30, encoding: 'utf8' });
/** Makes what is not there yet, whole or not at all. */
function made(name: string, make: (to: string) => void): string {
  if (!existsSync(at(name))) {
    make(at(`part.${name}`));
    renameSync(at(`part.${name}`), at(name));
  }
  return at(name);
}

mkdirSync(at('.'), { recursive: true });
made('captions-13.jsonl', (to) => {
  execFileSync('python3', [join(here, 'make_texts.py'), 'split', captions, at('.')]);
  renameSync(at('captions-13.jsonl'), to);
});
const texts = PARTS.map((part) => made(`texts-${part}.jsonl`, (to) => {
  retort('eval', '--model', resolve(gguf), '--data', at(`captions-${part}.jsonl`), '--chat', '--prompt', PROMPT, '--reference', '{{caption}}', '--metric', 'self-bleu',
    '--decode', 'sample', '--temperature', '0.6', '--seed', String(Number(part)), '--max-new-tokens', '48', '--predictions', to);
}));
const rows = texts.map((file, part) => {
  const said = readFileSync(at(`captions-${PARTS[part]!}.jsonl`), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { caption: string });
  return readFileSync(file, 'utf8').trim().split('\n').map((line, row) => JSON.stringify({ ...said[row], text: (JSON.parse(line) as { prediction: string }).prediction }));
});
writeFileSync(at('train.jsonl'), `${rows.slice(0, -1).flat().join('\n')}\n`);
writeFileSync(at('dev.jsonl'), `${rows.at(-1)!.join('\n')}\n`);
const whole = made('whole', (to) => { retort('model', 'import', resolve(gguf), '--to', to); });

interface Score { loss: number; lossLow: number; lossHigh: number; divergence: number; divergenceLow: number; divergenceHigh: number }
/** The first or the last evaluation of a run. */
function run(name: string, which: 'first' | 'last', student: RecipeInput['student'], seed: number, steps = STEPS): Score {
  const told = made(`${name}.shown.json`, (to) => {
    const recipe: RecipeInput = {
      name, seed, teacher: { model: resolve(gguf) }, student,
      data: { train: at('train.jsonl'), validation: at('dev.jsonl'), prompt: PROMPT, completion: '{{text}}', chat: true, maxPromptTokens: 96, maxCompletionTokens: 48 },
      method: { preset: 'gkd', lambda: 0.5, divergence: 'jsd', beta: 0.5 }, train: { steps, batchSize: 4, learningRate: 5e-5, warmupSteps: Math.min(4, steps - 1) },
      evaluate: { examples: 48, every: steps }, checkpoint: { every: 8, keep: 1 },
    };
    writeFileSync(at(`${name}.json`), JSON.stringify(recipe));
    if (existsSync(at(name))) retort('resume', at(name));
    else retort('run', at(`${name}.json`), '--run-dir', at(name));
    writeFileSync(to, retort('show', at(name)));
  });
  const { evaluations } = JSON.parse(readFileSync(told, 'utf8')) as { evaluations: Score[] };
  return evaluations.at(which === 'first' ? 0 : -1)!;
}

const cells = (score: Score): string => {
  const perplexity = [score.loss, score.lossLow, score.lossHigh].map((loss) => Math.exp(loss).toFixed(2));
  const divergence = [score.divergence, score.divergenceLow, score.divergenceHigh].map((value) => value.toFixed(4));
  return [perplexity, divergence].map(([value, low, high]) => `${value!} (${low!} to ${high!})`).join(' | ');
};
console.log('| weights | perplexity | divergence (JSD 0.5, nats a token) |\n| --- | ---: | ---: |');
const line = (name: string, score: Score): void => { console.log(`| ${name} | ${cells(score)} |`); };
line('float32, as the teacher', run('exact', 'first', { model: whole }, seeds[0]!, 1));
const trained = seeds.map((seed) => [seed, ...(['first', 'last'] as const).map((which) => run(`${TYPE}-${seed}`, which, { model: whole, ship: TYPE }, seed))] as const);
line(`rounded to ${TYPE}`, trained[0]![1]!);
for (const [seed, , last] of trained) line(`trained as ${TYPE}, seed ${seed}`, last!);
