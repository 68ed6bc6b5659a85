import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeSchema } from '../../src-main/contract/recipe.ts';
import { memoryStudio } from '../support/memory-studio.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let studio: Awaited<ReturnType<typeof memoryStudio>>;
beforeAll(async () => {
  project = await tinyProject();
  await writeFile(join(project.student, 'chat_template.jinja'), '{% for m in messages %}{{ m.content }}{% if m.role == "assistant" %}{{ eos_token }}{% endif %}{% endfor %}{% if twice %}{{ messages[-1].content }}{% endif %}');
  studio = await memoryStudio();
});
afterAll(async () => {
  await studio.close();
  await project.remove();
});

const how = { plain: false, maxNewTokens: 12, decode: decodeSchema.parse({ strategy: 'greedy' }), seed: 0 };

it('answers conversations turn by turn as the same text asked alone, and tells its words as they come', async () => {
  const { client } = studio;
  const told: string[] = [];
  client.studio.subscribe((message) => { if (message.topic === 'chat' && message.id === 'a') told.push(message.text); });
  const alone = async (prompt: string): Promise<string> => (await client.call('models.generate', { model: project.student, prompt, chat: true, maxNewTokens: 12, decode: {}, seed: 0 })).text;
  const first = await client.call('chat.answer', { id: 'a', model: project.student, messages: [{ role: 'user', content: '12+3=' }], ...how });
  expect(first.text).toBe(await alone('12+3='));
  expect(told.at(-1) ?? '').toBe(first.text);
  // The longer conversation finds the model open, with room for it.
  const messages = [{ role: 'user', content: '12+3=' }, { role: 'assistant', content: '15' }, { role: 'user', content: '4+4=' }];
  const second = await client.call('chat.answer', { id: 'b', model: project.student, messages, ...how });
  expect(second.promptTokens).toBeGreaterThan(first.promptTokens);
  const twice = await client.call('chat.answer', { id: 'c', model: project.student, messages, ...how, template: { twice: true } });
  expect(twice.promptTokens).toBe(second.promptTokens + 4);
});

it('writes as far as the context has room, and says where it was full', async () => {
  const { client } = studio;
  const { contextLength } = await client.call('models.add', { path: project.student }).then(({ description }) => description!);
  const ask = (content: string, maxNewTokens: number): Promise<{ text: string; tokens: number; promptTokens: number; ended: boolean; warnings: string[] }> =>
    client.call('chat.answer', { id: 'room', model: project.student, messages: [{ role: 'user', content }], ...how, maxNewTokens });
  const prompt = '12+'.repeat(Math.floor((contextLength! - 8) / 3));
  const whole = await ask(prompt, 1000);
  const asked = await ask(prompt, contextLength! - whole.promptTokens);
  expect([whole.text, whole.tokens]).toEqual([asked.text, asked.tokens]);
  expect(whole.promptTokens + whole.tokens).toBeLessThanOrEqual(contextLength!);
  expect(asked.warnings).toEqual([]);
  expect(whole.warnings).toEqual(whole.ended ? [] : [`The answer ends where the context of ${contextLength} tokens is full.`]);
  expect(whole.ended).toBe(false);
  await expect(ask('12+'.repeat(contextLength!), 4)).rejects.toThrow('there is no room for an answer');
});

it('answers two models at once, and stops one of them', async () => {
  const { client } = studio;
  const ask = (id: string, model: string): Promise<{ text: string; tokens: number; ended: boolean }> => client.call('chat.answer', { id, model, messages: [{ role: 'user', content: '7-2=' }], ...how, plain: true, maxNewTokens: 60 });
  const [one, other] = [ask('one', project.student), ask('other', project.teacher)];
  await client.call('chat.stop', { id: 'other' });
  // What it had written is kept.
  const stopped = await other;
  expect(stopped.ended).toBe(false);
  expect(stopped.tokens).toBeLessThan(60);
  expect((await one).text).toBe((await ask('one', project.student)).text);
});
