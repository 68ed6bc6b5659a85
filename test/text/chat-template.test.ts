import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExactNumber } from '../../src-main/contract/exact-number.ts';
import { copyCompanions } from '../../src-main/model/write-folder.ts';
import { inFolder } from '../../src-main/text/companions.ts';
import { ChatTemplate, hasChatTemplate, loadChatTemplate } from '../../src-main/text/chat/chat-template.ts';
import { fixture, reference, temporaryFolder } from '../model/model-fixtures.ts';

const temporary = temporaryFolder();

describe('chat templates', () => {
  it.each(['llama', 'qwen2'] as const)('of %s render as in Transformers', async (name) => {
    const template = await loadChatTemplate(fixture(name));
    const rendered = [1, 2, 3].map((turns) => template.render(reference.talk.slice(0, turns), { addGenerationPrompt: turns !== 2 }));
    expect(rendered).toEqual(reference[name].chat);
  });

  it('say why they refuse a message', async () => {
    const template = await loadChatTemplate(fixture('llama'));
    expect(() => template.render([{ role: 'system', content: '' }], { addGenerationPrompt: true }))
      .toThrow(`the chat template of ${fixture('llama')} refuses the messages: Only user and assistant roles are supported!`);
  });

  it('write numbers of a data file as Python does', async () => {
    const source = '{{ messages[0].n }} {{ messages[0].n | tojson }} {{ messages[0].big }}';
    const template = new ChatTemplate('m', source, {});
    const turn = { role: 'user', content: '', n: new ExactNumber('1.0'), big: new ExactNumber('12345678901234567890') };
    expect(template.render([turn], { addGenerationPrompt: false })).toBe('1.0 1.0 12345678901234567890');
  });

  it('know nothing of keys that are null, as in Transformers', () => {
    const template = new ChatTemplate('m', "{{ messages[0].content is defined }} {{ messages[0].content | default('none') }} {{ 'thinking' in messages[0] }} {{ messages[0].name is none }}", {});
    const turn = { role: 'assistant', content: null, thinking: null, name: '', calls: null };
    expect(template.render([turn], { addGenerationPrompt: false })).toBe('False none False False');
  });

  it('are told the day they are given', () => {
    const template = new ChatTemplate('m', "{{ strftime_now('%d %b %Y') }}", {});
    expect(template.render([], { addGenerationPrompt: false, today: new Date(2024, 6, 26) })).toBe('26 Jul 2024');
  });

  describe('of a model with another one for tools', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const [own, toolUse] = ['{{ messages[0].content }}', '{{ tools[0].function.name }}: {% generation %}{{ messages[0].content }}{% endgeneration %}'];
    const turns = [{ role: 'user', content: 'Hi' }];
    const render = async (folder: string): Promise<string[]> => {
      const template = await loadChatTemplate(folder);
      expect(template.sources).toEqual([own, toolUse]);
      expect([null, tools].map((given) => template.renderMarked(turns, { addGenerationPrompt: false, tools: given })?.spans)).toEqual([undefined, [{ start: 3, end: 5 }]]);
      return [undefined, null, tools].map((given) => template.render(turns, { addGenerationPrompt: false, ...(given !== undefined && { tools: given }) }));
    };

    it.each<[string, Record<string, string>]>([
      ['config', { 'tokenizer_config.json': JSON.stringify({ chat_template: [{ name: 'default', template: own }, { name: 'tool_use', template: toolUse }, { name: 'rag', template: 'x' }] }) }],
      ['files', { 'chat_template.jinja': own, 'additional_chat_templates/tool_use.jinja': toolUse, 'tokenizer_config.json': '{"chat_template": "old"}' }],
    ])('are chosen as by Transformers where they stand in %s, and go along where a model is written', async (kind, files) => {
      const folder = temporary.path(`tools-${kind}`);
      for (const [name, content] of Object.entries(files)) {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), content);
      }
      expect(await render(folder)).toEqual(['Hi', 'Hi', 'f: Hi']);
      const copy = temporary.path(`tools-${kind}-copy`);
      await mkdir(copy);
      await copyCompanions(inFolder(folder), copy);
      expect(await render(copy)).toEqual(['Hi', 'Hi', 'f: Hi']);
    });
  });

  it('are missing from models that were not made for chat', async () => {
    expect(await hasChatTemplate(fixture('gpt2'))).toBe(false);
    await expect(loadChatTemplate(fixture('gpt2'))).rejects.toThrow('gpt2 has no chat template');
  });

  it('are refused where they are not Jinja', async () => {
    const folder = temporary.path('broken');
    await cp(fixture('gpt2'), folder, { recursive: true });
    await writeFile(join(folder, 'chat_template.jinja'), '{% for message in %}');
    await expect(loadChatTemplate(folder)).rejects.toThrow(`the chat template of ${folder} cannot be read: `);
  });
});
