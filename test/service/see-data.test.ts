import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tokenParts } from '../../src-renderer/screens/new-run/data/token-parts.ts';
import type { SeenData } from '../../src-main/contract/data-view.ts';
import { seeData } from '../../src-main/service/examples/see-data.ts';
import { characterModel } from '../support/character-model.ts';

let folder: string;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-see-'));
  model = await characterModel(join(folder, 'model'), '0123456789+=<>/QA: \nthinkwel');
});
afterAll(() => rm(folder, { recursive: true }));

/** Rows of one question each, as a model with this template sees them. */
async function seen(template: string, answers: object[], learn: 'last' | 'all' = 'last'): Promise<SeenData> {
  await writeFile(join(model, 'chat_template.jinja'), template);
  const data = join(folder, `${String(Math.random()).slice(2)}.jsonl`);
  await writeFile(data, answers.map((answer) => `${JSON.stringify({ messages: [{ role: 'user', content: '1+1' }, { role: 'assistant', ...answer }] })}\n`).join(''));
  return seeData({ data, model, offset: 0, limit: 3, view: { messages: 'messages', chat: false, learn, maxPromptTokens: 90, maxCompletionTokens: 90 } });
}
const parts = ({ examples }: SeenData): unknown[][] => tokenParts(examples[0]!.tokens).map(({ tokens, isLearned, role }) => [tokens.map(({ text }) => text).join(''), isLearned, role]);
const turn = (assistant: string): string => `{% for m in messages %}{% if m.role == 'user' %}Q:{{ m.content }}\n{% else %}A:${assistant}{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}`;

it('shows the think block and the end that a template writes for a turn, which are learned', async () => {
  const found = await seen(`${turn('<think>\n{{ m.reasoning_content }}\n</think>\n')}{% if add_generation_prompt %}A:{% endif %}`, [{ content: '2', reasoning_content: '1+1=2' }, { content: '2', reasoning_content: '', weight: 1 }]);
  const [, , , end] = parts(found);
  expect(parts(found)).toEqual([
    ['Q:1+1\nA:', false, null], ['<think>\n1+1=2\n</think>', true, 'think block'], ['\n2', true, null], [end![0], true, 'end'],
  ]);
  expect(tokenParts(found.examples[1]!.tokens).map(({ role }) => role)).toEqual([null, 'empty think block', null, 'end']);
  expect(found.notes).toEqual({ examples: 2, moved: 0, openings: 0, opening: null, missed: 0, firstMissed: null, ignored: { weight: 1 } });
});

it('shows how a conversation goes on where it does not go on from the generation prompt', async () => {
  const found = await seen(`${turn('')}{% if add_generation_prompt %}A:<think>\n{% endif %}`, [{ content: '2' }, { content: '=2' }]);
  expect(found.notes).toMatchObject({ examples: 2, openings: 2, opening: { asked: '<think>\n' } });
  expect(found.notes.opening!.written).toMatch(/^2/);
  expect(parts(found).map(([text, isLearned, role]) => [isLearned, role, role === 'end' ? '' : text])).toEqual([[false, null, 'Q:1+1\nA:'], [true, null, '2'], [true, 'end', '']]);
});

it('shows a think block that is given, and nothing of one that a prompt speaks of', async () => {
  const given = await seen(`${turn('<think></think>')}{% if add_generation_prompt %}A:<think></think>{% endif %}`, [{ content: '2' }]);
  expect(parts(given).map(([, isLearned, role]) => [isLearned, role])).toEqual([[false, null], [false, 'empty think block'], [true, null], [true, 'end']]);
  const spoken = await seen(`think <think> </think>\n${turn('')}{% if add_generation_prompt %}A:{% endif %}`, [{ content: '2' }]);
  expect(parts(spoken).map(([, , role]) => role)).toEqual([null, null, 'end']);
});
