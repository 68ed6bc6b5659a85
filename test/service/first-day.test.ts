import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { beginRun, goOnWithRun, type Begun } from '../../src-main/service/run/begin.ts';
import { readFirstDay } from '../../src-main/service/run/record/first-day.ts';
import { dayFrom, dayOf, thisDay } from '../../src-main/service/examples/this-day.ts';
import { firstExamples } from '../../src-main/text/example-set.ts';
import { characterModel } from '../support/character-model.ts';

let folder: string;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-first-day-'));
  model = await characterModel(join(folder, 'model'));
  await writeFile(join(model, 'chat_template.jinja'), "{{ strftime_now('%Y-%m-%d') }}\n{% for turn in messages %}{{ turn.content }}{{ eos_token if turn.role == 'assistant' else '\n' }}{% endfor %}");
  await writeFile(join(folder, 'data.jsonl'), `${JSON.stringify({ messages: [{ role: 'user', content: '1+1' }, { role: 'assistant', content: '2' }] })}\n`);
});
afterAll(() => rm(folder, { recursive: true }));

/** The day that the run's only example tells. */
async function toldBy({ folder: opened, prepared: { stages: [prepared] } }: Begun): Promise<string> {
  await opened.close();
  const [example] = await firstExamples(prepared!.train, 1);
  return prepared!.student.tokenizer.decode([...example!.context], { skipSpecial: true }).split('\n')[0]!;
}

it('a chat template is told the day on which the run began, on whatever day it goes on', async () => {
  const runDir = join(folder, 'run');
  const job = {
    runDir, runId: '20240726-120000-abcdef', recipe: parseRecipe({
      name: 'day', student: { model }, data: { train: join(folder, 'data.jsonl'), messages: 'messages', maxPromptTokens: 40, maxCompletionTokens: 8 }, method: { preset: 'sft' }, train: { steps: 1, batchSize: 1 },
    }, 'test'),
  };
  const before = dayOf(thisDay());
  const told = await toldBy(await beginRun(job));
  // A test may run over midnight.
  expect([before, dayOf(thisDay())]).toContain(told);
  expect(dayOf((await readFirstDay(runDir))!)).toBe(told);

  await writeFile(join(runDir, 'first-day.txt'), '2024-07-26\n');
  expect(await toldBy(await goOnWithRun(job))).toBe('2024-07-26');

  await rm(join(runDir, 'first-day.txt'));
  const later = await toldBy(await goOnWithRun(job));
  expect(dayOf((await readFirstDay(runDir))!)).toBe(later);
});

it('a day is written as it is read; what is none is null', () => {
  for (const day of ['2024-02-29', '1999-12-31', '2026-03-29']) expect(dayOf(dayFrom(`${day}\n`)!)).toBe(day);
  expect(dayFrom('yesterday')).toBeNull();
});
