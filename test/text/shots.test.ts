import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shotsApart, shotsSchema, type ShotSettings } from '../../src-main/contract/shots.ts';
import { behindShots, readShots } from '../../src-main/text/shots.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-shots-'));
  const write = (name: string, content: string | Buffer): Promise<void> => writeFile(join(folder, name), content);
  await write('shots.jsonl', '{"q":"1+1","a":"2"}\n{"q":"2+2","a":"4"}\n{"q":"3+3","a":null}\n');
  await write('shots.csv', 'q,a\n1+1,2\n2+2,4\n');
  await write('damaged.jsonl', '{"q":"1+1","a":"2"}\n{"q":\n');
  await write('shots.txt', '\ufeffQ: 1+1\nA: 2\n\n');
  await write('packed.txt.gz', gzipSync('{{q}} as it is\n'));
  await write('empty.txt', ' \n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Fields = Parameters<typeof readShots>[1];
const FIELDS: Fields = { prompt: 'Q: {{q}}\nA:', completion: ' {{a}}' };
const read = async (file: string, settings: Partial<ShotSettings> = {}, fields: Fields = FIELDS): Promise<string> =>
  (await readShots(shotsSchema.parse({ file: join(folder, file), ...settings }), fields)).text;

describe('shots from rows', () => {
  it('are written as prompts and completions are, with the separator behind each', async () => {
    expect(await read('shots.csv')).toBe('Q: 1+1\nA: 2\n\nQ: 2+2\nA: 4\n\n');
    expect(await read('shots.jsonl', { count: 1 })).toBe('Q: 1+1\nA: 2\n\n');
    expect(await read('shots.jsonl', { count: 2, separator: '|', template: '{{a}}={{q}}' })).toBe('2=1+1|4=2+2|');
  });

  it('are named where something is wrong with them', async () => {
    await expect(read('shots.jsonl')).rejects.toThrow('shots.jsonl row 3: the column "a" has no value.');
    await expect(read('shots.csv', { template: '{{answer}}' })).rejects.toThrow('shots.csv row 1: there is no column "answer".');
    await expect(read('damaged.jsonl')).rejects.toThrow(/damaged\.jsonl line 2/);
    await expect(read('nowhere.jsonl')).rejects.toThrow(/nowhere\.jsonl does not exist/);
    await expect(read('shots.csv', { count: 3 })).rejects.toThrow('shots.csv has 2 rows, and 3 shots are asked for.');
    await expect(read('shots.csv', {}, { prompt: '{{q}}' })).rejects.toThrow('no template of the answer');
    await expect(read('shots.csv', {}, { messages: 'turns' })).rejects.toThrow('chat messages');
  });
});

describe('shots from a text file', () => {
  it('are put before the prompt as they are', async () => {
    expect(await read('shots.txt')).toBe('Q: 1+1\nA: 2\n\n');
    expect(await read('packed.txt.gz', {}, { prompt: '{{q}}' })).toBe('{{q}} as it is\n');
  });

  it('take no settings that are for rows', async () => {
    await expect(read('shots.txt', { count: 1 })).rejects.toThrow('a number of shots is given');
    await expect(read('shots.txt', { template: '{{q}}' })).rejects.toThrow('a template of shots is given');
    await expect(read('shots.txt', { separator: '' })).rejects.toThrow('a separator of shots is given');
    await expect(read('empty.txt')).rejects.toThrow('empty.txt has no shots');
    await expect(read('nowhere.txt')).rejects.toThrow(/nowhere\.txt does not exist/);
  });
});

it('stand before a text, and in a chat before the turn to be answered', () => {
  const shots = { text: 'S ', rows: [] };
  expect(behindShots({ prompt: '1+1', completion: '2' }, shots)).toEqual({ prompt: 'S 1+1', completion: '2' });
  const [system, answer] = [{ role: 'system', content: 'Be brief.' }, { role: 'assistant', content: '2' }];
  expect(behindShots({ messages: [system, { role: 'user', content: '1+1' }, answer], tools: null }, shots)).toEqual(
    { messages: [system, { role: 'user', content: 'S 1+1' }, answer], tools: null });
});

it('stay what they are before prompts of other templates', () => {
  const shots = shotsSchema.parse({ file: 'shots.csv' });
  expect(shotsApart({ shots, ...FIELDS })).toEqual({ ...shots, template: 'Q: {{q}}\nA: {{a}}' });
  const own = { ...shots, template: '{{q}}' };
  expect(shotsApart({ shots: own, ...FIELDS })).toEqual(own);
  const text = { ...shots, file: 'shots.txt' };
  expect(shotsApart({ shots: text, ...FIELDS })).toEqual(text);
  expect(shotsApart(FIELDS)).toBeUndefined();
});
