import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLI } from '../support/build.ts';
import { characterModel } from '../support/character-model.ts';

let folder: string;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-cli-shots-'));
  model = await characterModel(join(folder, 'model'));
  await writeFile(join(folder, 'shots.csv'), 'question,answer\n1+1,<<1+1=2>> #2\n2+2,<<2+2=4>> #4\n');
  await writeFile(join(folder, 'shots.txt'), 'Q: 1+1\nA: <<1+1=2>> #2\n\n');
  await writeFile(join(folder, 'data.jsonl'), '{"question":"3+4","answer":"<<3+4=7>> #7"}\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function evaluate(...args: string[]): { status: number | null; error: string } {
  const { status, stderr } = spawnSync(process.execPath, [
    CLI, '--home', join(folder, 'home'), 'eval', '--model', model, '--data', join(folder, 'data.jsonl'), '--prompt', 'Q: {{question}}\nA:', '--reference', ' {{answer}}',
    '--metric', 'accuracy', '--max-new-tokens', '12', ...args,
  ], { encoding: 'utf8' });
  return { status, error: stderr };
}

it('puts shots before every prompt, from rows or a text file, and does sums', async () => {
  const written = async (name: string, ...args: string[]): Promise<unknown> => {
    const file = join(folder, name);
    expect(evaluate(...args, '--calculator', '--predictions', file)).toMatchObject({ status: 0 });
    return JSON.parse(await readFile(file, 'utf8'));
  };
  const [rows, text, none] = [
    await written('rows.jsonl', '--shots', join(folder, 'shots.csv'), '--shots-count', '1'),
    await written('text.jsonl', '--shots', join(folder, 'shots.txt')),
    await written('none.jsonl'),
  ];
  expect(rows).toEqual(text);
  expect(rows).not.toEqual(none);
  expect(rows).toMatchObject({ prompt: 'Q: 3+4\nA:' });
});

it('inspects a run\'s student on the prompts that it was trained on', async () => {
  const retort = (...args: string[]): { status: number | null; stdout: string } => spawnSync(process.execPath, [CLI, '--home', join(folder, 'home'), ...args], { encoding: 'utf8' });
  await writeFile(join(folder, 'recipe.json'), JSON.stringify({
    name: 'shots', student: { model: 'model' }, teacher: { model: 'model' },
    data: {
      train: 'data.jsonl', validation: 'data.jsonl', prompt: 'Q: {{question}}\nA:', completion: ' {{answer}}', shots: { file: 'shots.csv', count: 1 },
      maxPromptTokens: 48, maxCompletionTokens: 12,
    },
    method: { preset: 'on-policy-kd' }, train: { steps: 1, batchSize: 1 }, evaluate: { metrics: ['accuracy'], calculator: true },
  }));
  expect(retort('run', join(folder, 'recipe.json'), '--run-dir', join(folder, 'run')).status).toBe(0);
  const report = JSON.parse(retort('inspect', '--run', join(folder, 'run')).stdout) as { prompt: string; promptTokens: number };
  expect(report).toMatchObject({ prompt: 'Q: 3+4\nA:', promptTokens: 1 + 'Q: 1+1\nA: <<1+1=2>> #2\n\nQ: 3+4\nA:'.length });
});

it('refuses shots and a calculator that do not fit, in one line', () => {
  const shots = ['--shots', join(folder, 'shots.csv')];
  const refused = (...args: string[]): string => {
    const { status, error } = evaluate(...args);
    expect(status).toBe(2);
    expect(error).toMatch(/^retort: .*\n( {2}\S.*\n)?$/);
    return error;
  };
  expect(refused(...shots, '--shots-template', '{{qestion}}')).toMatch(/shots\.csv row 1: there is no column "qestion"[^]*question/);
  expect(refused('--shots', join(folder, 'nowhere.csv'))).toContain('nowhere.csv does not exist');
  expect(refused(...shots, '--shots-count', '3')).toContain('has 2 rows, and 3 shots');
  expect(refused('--shots-count', '3')).toContain('--shots-count is given without --shots');
  expect(refused(...shots, '--max-new-tokens', '40')).toMatch(/The shots have 48 tokens; with them 1 of 1 prompts .* the context of 96/);
  expect(refused('--calculator', '--decode', 'beam')).toContain('beam search');
});
