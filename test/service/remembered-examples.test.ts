import { appendFile, cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ExampleSettings } from '../../src-main/service/examples/examples.ts';
import { openWholeModel } from '../../src-main/model/load-model.ts';
import { readExamplesOnce } from '../../src-main/service/examples/remembered-examples.ts';
import { firstExamples, type ExampleSet } from '../../src-main/text/example-set.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeEach(async () => { project = await tinyProject(); });
afterEach(() => project.remove());

const SETTINGS: ExampleSettings = {
  prompt: '{{question}}', completion: '{{solution}}', messages: undefined, chat: false, system: undefined, shots: undefined,
  maxPromptTokens: 24, maxCompletionTokens: 16, needsCompletions: true,
};
const read = async (model: string, changes: Partial<ExampleSettings> = {}): ReturnType<typeof readExamplesOnce> =>
  readExamplesOnce(project.train, { ...SETTINGS, ...changes }, await openWholeModel(model));

it('encodes a file once for all models of one tokenizer', async () => {
  const first = await read(project.student);
  expect(first.count).toBe(40);
  expect(await read(project.student)).toBe(first);
  expect(await read(project.teacher)).toBe(first);
});

it('reads a file again that has changed', async () => {
  await read(project.student);
  await appendFile(project.train, `${JSON.stringify({ question: '1+1=', solution: '2' })}\n`);
  const changed = await read(project.student);
  expect(changed.count).toBe(41);
  expect((await changed.read([40]))[0]).toMatchObject({ promptText: '1+1=', completionText: '2' });
});

it('encodes again by other settings', async () => {
  await read(project.student);
  const cut = await firstExamples(await read(project.student, { maxPromptTokens: Infinity, maxCompletionTokens: 2 }), null);
  expect(Math.max(...cut.map(({ completion }) => completion.length))).toBe(2);
  const [open] = await firstExamples(await read(project.student, { completion: undefined, needsCompletions: false }), 1);
  expect(open).toMatchObject({ completionText: null });
  await expect(read(project.student, { completion: undefined })).rejects.toThrow('train.jsonl row 1 has no completion to learn from.');
});

it('encodes again by a tokenizer whose files say something else', async () => {
  const whole = { maxCompletionTokens: Infinity };
  const before = await read(project.student, whole);
  const other = join(project.folder, 'other');
  await cp(project.student, other, { recursive: true });
  // The end of a text is part of a completion.
  await writeFile(join(other, 'generation_config.json'), JSON.stringify({ eos_token_id: 3 }));
  const after = await read(other, whole);
  const last = async (examples: ExampleSet): Promise<number> => (await firstExamples(examples, 1))[0]!.completion.at(-1)!;
  expect([await last(before), await last(after)]).toEqual([1, 3]);
});

it('refuses half of a character, in the prompt or in the answer', async () => {
  const row = async (question: string, solution: string): Promise<unknown> => {
    await writeFile(project.train, `${JSON.stringify({ question, solution })}\n`);
    return read(project.student);
  };
  await expect(row('1+1=\ud83d', '\ude002')).rejects.toThrow('row 1 holds half of a character, \\ud83d, behind "1+1="');
  await expect(row('1+1=', '2\ude00')).rejects.toThrow('row 1 holds half of a character, \\ude00, behind "1+1=2"');
});

it('an answer that brings its own end token ends once, and is compared without it', async () => {
  const model = await openWholeModel(project.student);
  const end = model.tokenizer.tokenOf(model.tokenizer.eosIds[0]!)!;
  await writeFile(project.train, ['2', `2${end}`].map((solution) => `${JSON.stringify({ question: '1+1=', solution })}\n`).join(''));
  const [without, itself] = await firstExamples(await read(project.student), 2);
  expect([...itself!.completion]).toEqual([...without!.completion]);
  expect([itself!.completionText, itself!.completionLength]).toEqual(['2', without!.completionLength]);
});
