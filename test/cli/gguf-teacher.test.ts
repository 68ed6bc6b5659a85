import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importGguf } from '../../src-main/model/gguf/import-gguf.ts';
import { CLI } from '../support/build.ts';
import { randomGguf } from '../model/gguf-random.ts';
import { gguf } from '../model/gguf-writer.ts';

let folder: string;
const path = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'retort-gguf-teacher-'));
  const rows = Array.from({ length: 12 }, (_, at) => ({ q: `ABCDE${'FGHIJ'[at % 5]}`, a: `KLMN${'OPQ'[at % 3]}` }));
  writeFileSync(path('train.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const { metadata: other, tensors: otherTensors } = randomGguf('qwen2', 'Q8_0');
  writeFileSync(path('other.gguf'), gguf(other, otherTensors));
  for (const [name, encoding] of [['teacher', 'Q4_K'], ['student', 'Q8_0']] as const) {
    const { metadata, tensors } = randomGguf('llama', encoding);
    writeFileSync(path(`${name}.gguf`), gguf(metadata, tensors));
    await importGguf(path(`${name}.gguf`), path(name), { precision: 'fp32' });
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

async function retort(...args: string[]): Promise<{ event?: string; loss?: number }[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, '--home', path('home'), '--json', ...args], { maxBuffer: 1e8 });
  return stdout.trim().split('\n').map((line) => JSON.parse(line) as { event?: string; loss?: number });
}

async function losses(teacher: string, student: string): Promise<number[]> {
  const name = `${teacher}-${student}`;
  writeFileSync(path(`${name}.json`), JSON.stringify({
    name, teacher: { model: teacher }, student: { model: student },
    data: { train: 'train.jsonl', prompt: '{{q}}', completion: '{{a}}', maxPromptTokens: 8, maxCompletionTokens: 8 },
    method: { preset: 'gkd', lambda: 0.5 }, train: { steps: 3, batchSize: 4, learningRate: 1e-3 }, evaluate: { metrics: [] },
  }));
  const events = await retort('run', path(`${name}.json`), '--run-dir', path(`run-${name}`));
  return events.flatMap(({ event, loss }) => (event === 'step' ? [loss!] : []));
}

it('a run learns from a GGUF file, and begins from one, as from the folders that they would be imported to', async () => {
  const files = await losses('teacher.gguf', 'student.gguf');
  const folders = await losses('teacher', 'student');
  expect(files).toHaveLength(3);
  files.forEach((loss, at) => { expect(Math.abs(loss - folders[at]!)).toBeLessThan(1e-3 * folders[at]!); });
  const inputs = JSON.parse(readFileSync(path('run-teacher.gguf-student.gguf/inputs.json'), 'utf8')) as { field: string; path: string }[];
  expect(inputs.map(({ field, path: file }) => [field, file])).toContainEqual(['teacher.model', path('teacher.gguf')]);
});

it('is shown with the types of its weights', async () => {
  const [shown] = await retort('model', 'show', path('teacher.gguf'));
  expect(shown).toMatchObject({ family: 'llama', types: ['Q4_K', 'F32'], vocabularySize: 64 });
});

it('a run learns from a GGUF file with another tokenizer as from the folder that it would be imported to', async () => {
  await importGguf(path('other.gguf'), path('other'), { precision: 'fp32' });
  const [file, imported] = [await losses('other.gguf', 'student'), await losses('other', 'student')];
  expect(file).toHaveLength(3);
  file.forEach((loss, at) => { expect(loss).toBeCloseTo(imported[at]!, 4); });
});
